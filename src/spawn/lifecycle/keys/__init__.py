"""The person's SSH keys over their life: made, shown, rotated, pruned.

What comes in: the keys on this machine (`connect.kept_keys`), and all key pairs and instances of
all regions (`facts`). What goes out: what there is and how it is judged (`ring`), and plans with
what came of them (`create`, `rotate`, `prune`).

    facts    pairs and instances of all regions, in one round                    reads AWS
    ring     each key with its pairs, those who trust it, and a judgement        pure
    create   the key, and its pair in a region                                   writes AWS, files
    rotate   another key for new launches; the former one is kept                writes AWS, files
    prune    former keys that nothing trusts removed, in AWS and here            writes AWS, files

Whose a pair is, its content says: a tag can be put by anyone who may tag, so a pair is touched
only where its public half is that of a key here, and its tags don't say otherwise.
"""
