"""Every way to a shell on an instance, and what goes over it: sessions, files, ports, logs.

What comes in: an instance as DescribeInstances shows it, who logs in, AWS (`Cloud`), and this
side with its directories and programs (`Machine`). What goes out: an exit code or what a command
wrote; the person's key, and the step that makes AWS know it. It may read AWS, start `ssh`,
`ssh-keygen`, `aws` and AWS's plugin, and write files in spawn's state directory. Of AWS it changes
nothing that lasts, but for a key in KMS that is asked for: a session is started, a key is sent for
a minute; all else is planned here.

A connection goes through these, in this order: `finding` (a `Way`: route by `choice`, keys by
`authentication`, host keys by `pins`), `connect` (tries, by `attempts`), and where that fails
`explanations` (with an `outlook` on what stands in between).

    publickey       one SSH public key as bytes and text              pure
    hostkeys        host keys in consoles and known_hosts             pure
    ssh             the words that start the OpenSSH client           pure
    failures        what ssh's exit code and log mean                 pure
    ingress         whether its security groups admit the caller      pure
    forwarding      -L, -R and -D, read strictly                      pure
    bastion         any host in between, as ssh's users write it      pure
    routes          the routes, and which one is open                 pure
    key_pairs       the person's key in AWS: question and step        pure
    keys            the person's key on this machine                  files, ssh-keygen
    kept_keys       former keys by name, and the account each was used in   files, ssh-keygen
    key_locks       launches, rotating and pruning kept apart         files
    pins            host keys pinned per instance id                  files
    console         the host keys that a console shows                reads AWS
    destination     an instance by its id, and who logs in            reads AWS
    certificates    SSH certificates: what they say, if they hold     files
    ssh_ca          a package: this machine's authority, which signs certificates
    authentication  what is offered: certificate, the launch's key    files
    instance_connect  a key for a minute, by EC2 Instance Connect     writes AWS, ssh-keygen
    machine         the two sides: this machine, and AWS
    way             all that a connection needs, in one value
    choice          the route that was asked for, or is open          reads AWS
    finding         the way to an instance                            files, reads AWS
    attempts        what each try starts with, whose failure it was   files
    connect         a shell, a command, waiting for either            ssh
    outlook         what stands between, where nothing answers        reads AWS
    plugin          AWS's session-manager-plugin: which is here       starts it
    session_manager a shell, or ssh's way, through Session Manager    writes AWS, plugin
    endpoint_tunnel ssh's way through an EC2 Instance Connect Endpoint  starts aws
    explanations    why there is no connection, what to type          reads AWS
    ssh_config      Host blocks for plain ssh, and the line that includes them   pure
    ssh_files       ~/.ssh/config and the file that it includes       files
    copy            files both ways by scp                            scp
    archive         a directory as a stream of tar, and back          files
    transfer        such streams to an instance and from it           ssh
    boot            how a boot went, from cloud-init's words          pure
    ready           waiting for a boot's end                          reads AWS, ssh
    feeds           a console and a shipped log, as what is new       pure
    shipped         the agent's log in CloudWatch Logs                reads AWS
    denied_reads    secrets that a script could not read, by what it prints  pure
    logs            what a boot printed and its agent noted           reads AWS, ssh
    private_files, programs, patience: files, processes and waiting, for the others
"""
