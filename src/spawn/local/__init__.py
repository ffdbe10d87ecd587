"""The embedded cloud: a real control plane and real packets, on one machine, without root.

Two processes. `control` is moto behind a front door that checks signatures; it listens on
loopback and owns all state. `plane` lives in user, network, mount and process namespaces of
its own and makes what the control plane describes: instances, packets, metadata.

What flows between them is `world.World`, the whole desired state, sent anew at each change,
and `world.Event`, what happened on the instances. Neither side keeps a copy of the other's
decisions, so a lost message costs nothing but time.

Nothing outside this room imports it, except `cli/cloud.py` and the `--local` switch.
"""
