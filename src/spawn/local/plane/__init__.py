"""The data plane of the embedded cloud: process trees, packets and metadata, without root.

What comes in: `world.World`, the whole desired state, and bytes for the outside of instances.
What goes out: `world.Event`, console files, and the instances' calls to the API.
What it may touch: its state directory, and namespaces of its own making; nothing else.

How it is put together, from outside to inside:

1. `outside`: the process that the control plane starts. It stays in the machine's own
   namespaces, opens what lies in the state directory, and waits.
2. `enclosure`: builds a bare root directory (the machine's programs, a Python, no home) and
   enters namespaces from which no way leads back. Its first process is `inside`.
3. `inside`: keeps the network (`network`, `ruleset`), answers metadata (`metadata`), relays
   connections (`relay`), and compares the world with what runs (`reconcile`).
4. `hypervisor`: its one child, which forks instances. Each has a `rootfs`, an `init` as its
   first process, an SSH server (`sshd`, whom `access` tells who may log in) and a `cloudinit`
   that runs user-data (`userdata`). What differs from image to image is known to `image`.

The first process of a process namespace takes all others along when it dies, so that the end
of any of these, `kill -9` included, leaves no process and no mount behind.
"""
