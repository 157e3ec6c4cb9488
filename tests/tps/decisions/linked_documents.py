"""Hypothesis strategy for documents full of links, most of them crooked: few names, few values, any nesting."""

from hypothesis import strategies as st

from encoders.client_provisioning import Characteristic, Document, Parm

TYPES = ("NAPDEF", "PXLOGICAL", "PXPHYSICAL", "BOOTSTRAP", "APPLICATION", "ACCESS", "VENDORCONFIG")
NAMES = ("NAPID", "TO-NAPID", "PROXY-ID", "TO-PROXY", "PROVURL", "RULE")
VALUES = ("", "a", "b", "INTERNET", "access-point-1", "access-point-2", "access-p", "{msisdn}", "{{", "tps.example")

parms = st.builds(Parm, st.sampled_from(NAMES), st.none() | st.sampled_from(VALUES))
characteristics = st.recursive(
    st.builds(Characteristic, st.sampled_from(TYPES), st.lists(parms, max_size=4).map(tuple)),
    lambda inner: st.builds(Characteristic, st.sampled_from(TYPES), st.lists(parms | inner, max_size=4).map(tuple)),
    max_leaves=4,
)
linked_documents = st.builds(Document, st.lists(characteristics, min_size=1, max_size=5).map(tuple))
