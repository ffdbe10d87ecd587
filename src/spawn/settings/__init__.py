"""Settings: what holds where nobody says otherwise, and who may say it.

In: texts of files, an environment, what the command line said, the organisation's parameter. Out:
one value a setting, with where it comes from. Pure but for `sources`, which reads the files whose
paths it is given, and `memory`, which keeps one.

    values        the kinds of values; each read from TOML and from text, and written again
    statements    a TOML text taken apart into its statements, for their lines and for editing
    strictness    what "no weaker" means for each setting that has an order
    table         the settings: key, kind, who may set it, its order
    sources       a source is a mapping with a name: a file, the environment, the command line
    resolve       of several sources, what holds
    organisation  the account's own defaults, and the floor that they are
    memory        what they were last time: a guess that saves a round
    editing       one setting of a file changed, everything else left as it is
"""
