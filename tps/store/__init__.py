"""What is kept: the only room that knows SQLAlchemy. It saves states and never decides one.

`schema` is what the tables mean, `database` the connections and the group commit, `batches` how many rows become one
statement, `sealing` how secrets lie on the disk.
"""
