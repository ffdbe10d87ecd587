"""From the launch to the end: what runs, how it will end, and ending it.

In: what was read (or an `Asker` that reads it), the caller, the time. Out: frozen results and
stages of steps; nothing here prints, asks a person, or looks at a clock of its own.

    backstop   the schedule behind each end date: planned, remade where it is missing, judged
    listed     an instance as spawn sees it: whose, until when, what ends it
    list       the instances of all `regions`, one that fails named
    filters    what `--filter` means; `filter_parser` reads it
    resolve    which instance a person means by a word
    status     one instance, all that is known of it
    allow      who may reach an instance, changed: `allow_facts` asks, `allow_apply` performs
    cancel     ending instances now
    cleanup    what spawn made and nothing uses any more: `account_facts` reads, `leftover` and
               `leftover_roles` judge
    mend       what a killed launch left behind, made good

Writes are planned here as steps; only `aws.perform` carries them out.
"""
