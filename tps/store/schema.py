"""The tables.

Every subscriber-keyed table has `bucket` (0 to 63, `tps.decisions.identities.bucket_of` of the IMSI) as the first
column of
its primary key and of every unique index, so that the same schema can be distributed by bucket; tables keyed by
something
else (MSISDN, message id) have their own bucket of that key. No foreign key crosses buckets. Times are milliseconds
since 1970-01-01 UTC. Columns named `sealed_*` hold what `tps.store.sealing` made of a secret.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    literal_column,
    text,
)

from tps.decisions.push_life import State

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),
    Column("imsi", String(15), primary_key=True),
    Column("msisdn", String(15), nullable=False),
    Column("settings", String(64)),  # None: the default settings
    Column("sealed_values", Text),  # what fills the placeholders of the settings: PPP user, password, ...
    Column("sealed_pin", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("declined_at", BigInteger),  # when the subscriber asked for nothing without asking; None: never, or not now
    sqlite_with_rowid=False,
)

subscriber_number = Table(
    "subscriber_number",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),  # of the MSISDN
    Column("msisdn", String(15), primary_key=True),
    Column("imsi", String(15), nullable=False),
    sqlite_with_rowid=False,
)

subscriber_change = Table(
    "subscriber_change",
    metadata,
    Column("bucket", SmallInteger, primary_key=True, autoincrement=False),
    Column("changes", BigInteger, nullable=False),  # how many ever
    Column("newest", Text, nullable=False),  # the IMSIs changed last, 16 characters each
    sqlite_with_rowid=False,
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),  # neutral | document
    Column("sealed_body", Text, nullable=False),
    Column("fingerprint", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),  # JSON: security method, rule for uncertain pushes, validity
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

device_model = Table(
    "device_model",
    metadata,
    Column("tac", String(8), primary_key=True),  # empty for a row about a brand or a model
    Column("brand_key", String(300), primary_key=True),  # in one spelling; empty for a row about a TAC
    Column("model_key", String(300), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("brand", Text, nullable=False),
    Column("model", Text, nullable=False),
    # in the words of tps.decisions.device_model_words, empty where the row says nothing
    Column("client_provisioning", Text, nullable=False),
    Column("browser_settings", Text, nullable=False),
    Column("mobileconfig", Text, nullable=False),
    Column("quirks", Text, nullable=False),
    Column("hints", Text, nullable=False),  # JSON: text by language
    Column("licence", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

device_change = Table(
    "device_change",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),  # 0: the only row
    Column("changes", BigInteger, nullable=False),  # transactions that changed device models, ever
    sqlite_with_rowid=False,
)

pair = Table(
    "pair",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),
    Column("imsi", String(15), primary_key=True),
    Column("device", String(14), primary_key=True),
    Column("software_version", String(2)),
    Column("dirty", String(64)),
    Column("source", String(32), nullable=False),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# On SQLite the id alone is the primary key, as the number of the row: see tps.store.stretches.
push = Table(
    "push",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("imsi", String(15), nullable=False),
    Column("msisdn", String(15), nullable=False),
    Column("device", String(14), nullable=False),
    Column("settings", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("fingerprint", BigInteger, nullable=False),
    # 0 while the push holds the key of its pair, its own id once it gave the key up
    Column("key_released", BigInteger, nullable=False, server_default=text("0")),
    Column("security", SmallInteger),  # SEC value; None: no MAC
    Column("sealed_secrets", Text),  # PIN and values of this push
    Column("source", String(32), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("attention_at", BigInteger, nullable=False),  # when someone must look at it: due, lease end, expiry
    Column("expires_at", BigInteger, nullable=False),
    Column("owner", String(64)),  # the instance of a node that holds the lease
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    # of them, those made before it was last re-queued: they count no more, but receipts of theirs may still come
    Column("attempts_before", SmallInteger, nullable=False, server_default=text("0")),
    Column("route", String(64)),
    Column("parts", SmallInteger, nullable=False, server_default=text("0")),
    Column("delivered_parts", BigInteger, nullable=False, server_default=text("0")),  # bit i: part i has arrived
    Column("error", Text),
    Column("history", Text, nullable=False),  # one line a move: time, event, state, detail
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

# The dedupe promise: at most one open push per (IMSI, device, settings fingerprint), and none where it is SET already.
Index(
    "uq_push_pair_key",
    push.c.bucket,
    push.c.imsi,
    push.c.device,
    push.c.fingerprint,
    push.c.key_released,
    unique=True,
)
# A partial index is used only by a statement that repeats its condition to the letter, hence a literal and not a
# parameter.
is_open = push.c.state < literal_column(str(int(State.DELIVERED)))
Index(
    "ix_push_attention",
    push.c.state,
    push.c.attention_at,
    push.c.bucket,
    push.c.id,
    sqlite_where=is_open,
    postgresql_where=is_open,
)

# For people who look for what went wrong: of a hundred million pushes these are few.
has_ended_badly = push.c.state > literal_column(str(int(State.DELIVERED)))
Index("ix_push_ended_badly", push.c.state, push.c.id, sqlite_where=has_ended_badly, postgresql_where=has_ended_badly)

submission = Table(
    "submission",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),  # of the message id
    Column("route", String(64), primary_key=True),
    Column("message_id", String(65), primary_key=True),  # normalised; SMPP 3.4 clause 5.2.23: at most 64 characters
    Column("push_bucket", SmallInteger, nullable=False),
    Column("push_id", BigInteger, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("msisdn", String(15), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("attempt", SmallInteger, nullable=False, server_default=text("-1")),  # attempts before it; -1: not known
    Column("parts", SmallInteger, nullable=False, server_default=text("0")),  # of this attempt; 0: not known
    Column("noted", SmallInteger, nullable=False, server_default=text("0")),  # bits, see submissions.INTERMEDIATE
    sqlite_with_rowid=False,
)

parked_receipt = Table(
    "parked_receipt",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),  # of the message id
    Column("route", String(64), primary_key=True),
    Column("message_id", String(65), primary_key=True),  # normalised, in the receipt's form; empty: it names none
    Column("destination", String(21), primary_key=True),  # clause 5.2.8: at most 20 characters
    Column("state", String(8), primary_key=True),
    Column("error", String(32), nullable=False),
    Column("vendor", Text, nullable=False),
    Column("parked_at", BigInteger, nullable=False),
    Column("look_at", BigInteger, nullable=False),  # when to look for its push again
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

Index("ix_parked_receipt_look_at", parked_receipt.c.look_at)
Index("ix_parked_receipt_destination", parked_receipt.c.destination)

node = Table(
    "node",
    metadata,
    Column("instance", String(64), primary_key=True),  # one process from its start to its end; owns pushes and binds
    Column("name", String(40), nullable=False, unique=True),
    Column("number", SmallInteger, nullable=False, unique=True),
    Column("host", String(255), nullable=False),
    Column("machine", String(128), nullable=False),  # where `pid` means something
    Column("pid", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),  # by the clock that all nodes share, see tps.store.nodes
    sqlite_with_rowid=False,
)

bind_slot = Table(
    "bind_slot",
    metadata,
    Column("account", String(320), primary_key=True),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),  # below the account's limit
    Column("instance", String(64), nullable=False),  # holds it for as long as it is among the nodes
    Column("link", String(128), nullable=False),
    sqlite_with_rowid=False,
)

server_secret = Table(
    "server_secret",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("sealed_value", Text, nullable=False),
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("bucket", SmallInteger, primary_key=True),  # of the key
    Column("key", String(128), primary_key=True),  # caller and Idempotency-Key
    Column("request_digest", String(64), nullable=False),
    Column("status", SmallInteger),  # None while the first request is still at work
    Column("body", Text),
    Column("created_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("set_up", Boolean, nullable=False),  # the one-time token that makes the first key
    Column("created_at", BigInteger, nullable=False),
    Column("used_up_at", BigInteger),
    sqlite_with_rowid=False,
)
