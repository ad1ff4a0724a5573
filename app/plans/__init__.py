"""The free tier: a policy that is data, and the ledger of what was used of it.

The web tier counts without knowing whom: the SAM turns a signer into a tag that is
valid for one policy and one period, and destroys the key behind it afterwards.
"""
