"""Which image an instance boots: found for an architecture, or named and checked.

    catalog    the publishers whose images spawn knows, and who logs in to them: data
    choose     questions for the facts round out, AWS's answers in, the image chosen out

Pure, all of it.
"""
