"""From the launch to the end: what runs, how it will end, and ending it.

In: what was read (or an `Asker` that reads it), the caller, the time. Out: frozen results and
stages of steps; nothing here prints, asks a person, or looks at a clock of its own.

    backstop   the schedules behind each end date: planned, put right, judged; `backstop_facts` asks
    listed     an instance as spawn sees it: whose, until when, what ends it
    heard      what an agent says on the console; `listening` asks for it
    closely    the caller's own instances with what a listing lacks: schedules and agents
    list       the instances of all `regions`, one that fails named
    filters    what `--filter` means; `filter_parser` reads it
    resolve    which instance a person means by a word
    policies_of  the policies of a role, a user or an instance, read in one place
    can        whether whoever has such policies may do something
    status     one instance, all that is known of it; `ending_words` says how it will end
    extend     an end date moved; `extend_apply` performs, and listens whether the agent follows
    hold       an instance kept as evidence, or released; `hold_apply` asks and performs
    power      stopping, starting and hibernating
    allow      who may reach an instance, changed: `allow_facts` asks, `allow_apply` performs
    cancel     ending instances now; `outcomes` is what became of each
    dns        records that point to an address which an instance no longer has
    cleanup    what spawn made and nothing uses any more: `account_facts` reads, `leftover` and
               `leftover_roles` judge
    mend       what a killed launch left behind, and what was altered since, made good

Writes are planned here as steps; only `aws.perform` carries them out.
"""
