"""How much of one message is read; each limit that is hit is named by a defect ``limit:<name>``.

A hostile message of a few kilobytes must not cost seconds or gigabytes, and a hostile message of
many megabytes must not cost more than reading it once.
"""

MEBIBYTE = 1024 * 1024

MESSAGE = 50 * MEBIBYTE  # octets of a message that are looked at
DEPTH = 64  # multiparts within multiparts; deeper ones stay unopened parts
NESTED = 10  # messages attached to one another that are read on request
NESTED_COUNT = 100  # messages attached to one that are read on request, at any depth
PARTS = 1000  # parts of one message
HEADER_BLOCK = MEBIBYTE  # octets of one header block
HEADER = 64 * 1024  # characters of one header field
HEADER_COUNT = 5000  # fields of one header block
ENCODED_WORDS = 1000  # RFC 2047 words of one field
ADDRESSES = 5000  # mailboxes of one field
REFERENCES = 500  # message identifiers of one field
PARAMETERS = 200  # parameters of one Content-Type or Content-Disposition
TEXT = 8 * MEBIBYTE  # characters of decoded body text
