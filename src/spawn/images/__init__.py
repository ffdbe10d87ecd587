"""Which image an instance boots: found by the system's name and the type, or named and checked.

    catalog        the publishers and lines of images that spawn knows, who logs in to them: data
    accelerators   which types have GPUs, and which drivers an image lacks for them
    boots          what reads user-data on an image
    refusals       why a named image can't be launched
    chosen         what is known of the image that was chosen
    choose         questions for the facts round out, AWS's answers in, the image chosen out

Pure, all of it.
"""
