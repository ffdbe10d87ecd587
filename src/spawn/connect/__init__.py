"""Routes to a shell on an instance. Today there is one: SSH to a public address.

What comes in: an instance as DescribeInstances shows it, its login user, a `Reader` of AWS, and
this machine's directories and programs. What goes out: an exit code or what a command wrote; the
person's key, and the step that makes AWS know it. It may read AWS (console, key pairs, security
groups), start `ssh` and `ssh-keygen`, and write files in spawn's state directory; what changes
AWS is only ever planned here.

    publickey       one SSH public key as bytes and text              pure
    hostkeys        host keys in consoles and known_hosts             pure
    ssh             the words that start the OpenSSH client           pure
    failures        what ssh's exit code and log mean                 pure
    ingress         whom security groups admit                        pure
    key_pairs       the person's key in AWS: question and step        pure
    keys            the person's key on this machine                  files, ssh-keygen
    pins            host keys pinned per instance id                  files
    console         the host keys that a console shows                reads AWS
    destination     an instance by its id, and who logs in     reads AWS
    way             all that a connection needs, in one value         files, reads AWS
    connect         a shell, a command, waiting for either            ssh
    explanations    why there is no connection, what to type          reads AWS
    private_files, programs, patience: files, processes and waiting, for the others
"""
