"""The HTTP API of the back office.

server          the listener: application, TLS, timeouts
connections     what is answered to octets that are no request
routes          every operation as a row of one table: method, path, handler, bodies, answers
routing         which of them a request is for, by method and path
operations      what such a row, a call of it and a reply are
reception       what every request goes through: key, body, Idempotency-Key, handler, metrics
access          API keys;  `idempotency` answers that are given again;  `problems` errors (RFC 9457)
ndjson          streams of any length, line in and line out
openapi         the table as an OpenAPI 3.1 document;  `documentation` the page to try it
subscribers ... one module per resource
"""
