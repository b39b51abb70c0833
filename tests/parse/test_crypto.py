"""Signed and encrypted mail, made and checked by the real openssl."""

import base64
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.config import KeyPair, Secret, Smime
from mailpipe.errors import ConfigError, NotPermittedError
from mailpipe.mail import cms
from mailpipe.parse import core
from mailpipe.parse.core import Options
from mailpipe.wire.smime_open import Opener
from tests.conftest import Run
from tests.servers.certificates import Person, Pki, encrypted, openssl, signed

ENTITY = (
    b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n"
    b"--inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nstatus: done\r\nplate: AB-123\r\n"
    b"--inner\r\nContent-Type: image/png; name=photo.png\r\nContent-Transfer-Encoding: base64\r\n"
    b"\r\niVBORw0KGgo=\r\n"
    b"--inner--\r\n"
)
TEXT = b"Content-Type: text/plain\r\n\r\nsecret: 42\r\nother: 7\r\n"
HEAD = b"From: Dupont <dupont@example.net>\r\nTo: desk@example.com\r\nSubject: checked\r\n"


def pair(person: Person, phrase: Secret | None = None) -> KeyPair:
    return KeyPair(str(person.certificate), str(person.key), phrase)


def parse(entity: bytes, pki: Pki | None, head: bytes = HEAD, **smime: Any) -> dict[str, Any]:
    if pki is not None:
        smime = {"own": pair(pki.ours), "authorities": str(pki.authority.file), **smime}
    opener = Opener(Smime(**smime))
    return core.read(head + entity, Options(smime=lambda _account: opener))


def verdict(parsed: dict[str, Any]) -> tuple[bool | None, str | None]:
    told = parsed["crypto"]["signed"]
    return told["verified"], told.get("reason")


def mixed(*parts: bytes) -> bytes:
    inner = b"".join(b"--m\r\n" + part + b"\r\n" for part in parts)
    return b"Content-Type: multipart/mixed; boundary=m\r\n\r\n" + inner + b"--m--\r\n"


@pytest.mark.parametrize("options", [(), ("-nodetach",), ("-noattr",), ("-md", "sha512")])
def test_a_message_that_its_author_signed_is_verified(pki: Pki, options: tuple[str, ...]) -> None:
    parsed = parse(signed(ENTITY, pki.partner, *options), pki)

    told = parsed["crypto"]["signed"]
    assert verdict(parsed) == (True, None)
    assert told["matchesFrom"] is True
    assert told["signer"]["email"] == ["dupont@example.net"]
    assert told["covers"] == (["1", "2"] if "-nodetach" in options else ["1.1", "1.2"])
    assert parsed["data"] == {"status": "done", "plate": "AB-123"}
    assert parsed["attachments"][0]["name"] == "photo.png"
    assert parsed["defects"] == []


def test_line_ends_changed_in_the_mailbox_do_not_break_a_signature(pki: Pki) -> None:
    raw = (HEAD + signed(ENTITY, pki.partner)).replace(b"\r\n", b"\n")
    opener = Opener(Smime(authorities=str(pki.authority.file)))

    parsed = core.read(raw, Options(smime=lambda _account: opener))

    assert verdict(parsed) == (True, None)


def test_content_signed_as_it_lies_is_verified_too(pki: Pki) -> None:
    entity = TEXT.replace(b"\r\n", b"\n")
    der = openssl(
        *("cms", "-sign", "-binary", "-outform", "DER", "-signer", pki.partner.certificate),
        *("-inkey", pki.partner.key),
        data=entity,
    )
    raw = (
        b"Content-Type: multipart/signed; protocol=application/pkcs7-signature; boundary=s\n\n--s\n"
        + entity
        + b"\n--s\nContent-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(der)
        + b"--s--\n"
    )

    assert verdict(parse(raw, pki)) == (True, None)


@pytest.mark.parametrize("options", [(), ("-nodetach",)])
def test_a_changed_message_is_not_verified(pki: Pki, options: tuple[str, ...]) -> None:
    entity = signed(ENTITY, pki.partner, *options)
    if options:
        start = entity.index(b"\r\n\r\n") + 4
        der = base64.b64decode(entity[start:]).replace(b"AB-123", b"AB-124")
        entity = entity[:start] + base64.encodebytes(der)
    else:
        entity = entity.replace(b"AB-123", b"AB-124")

    assert verdict(parse(entity, pki)) == (False, "content-changed")


def test_a_signature_over_other_content_is_not_verified(pki: Pki) -> None:
    ours = signed(TEXT, pki.partner)
    [signature] = re.findall(rb"base64\r\nContent-Disp.*?\r\n\r\n(.*?)\r\n\r\n?--", ours, re.DOTALL)
    forged = signed(ENTITY, pki.partner)
    [other] = re.findall(rb"base64\r\nContent-Disp.*?\r\n\r\n(.*?)\r\n\r\n?--", forged, re.DOTALL)

    assert verdict(parse(forged.replace(other, signature), pki)) == (False, "content-changed")


def test_the_signer_must_be_the_author(pki: Pki) -> None:
    parsed = parse(signed(ENTITY, pki.partner), pki, b"From: boss@example.com\r\n")

    assert verdict(parsed) == (False, "other-sender")
    assert parsed["crypto"]["signed"]["matchesFrom"] is False


@pytest.mark.parametrize(
    "head",
    [
        b"From: dupont@example.net\r\nFrom: boss@example.com\r\n",
        b"From: dupont@example.net, boss@example.com\r\n",
        b'From: "dupont@example.net" <boss@example.com>\r\n',
        b"Sender: dupont@example.net\r\n",
    ],
)
def test_where_the_author_is_in_doubt_nobody_has_signed(pki: Pki, head: bytes) -> None:
    assert verdict(parse(signed(ENTITY, pki.partner), pki, head)) == (False, "other-sender")


def test_capitals_of_an_address_make_no_difference(pki: Pki) -> None:
    assert verdict(parse(signed(ENTITY, pki.partner), pki, b"From: Dupont@Example.NET\r\n")) == (True, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"starts": timedelta(days=-9), "ends": timedelta(days=-2)}, "certificate-expired"),
        ({"starts": timedelta(days=2), "ends": timedelta(days=9)}, "certificate-not-yet-valid"),
        ({"own": True}, "self-signed"),
        ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "wrong-purpose"),
        ({"usage": ["key_encipherment"]}, "wrong-purpose"),
    ],
)
def test_a_certificate_that_is_not_good_verifies_nothing(
    pki: Pki, given: dict[str, Any], reason: str
) -> None:
    person = pki.authority.issue("dupont@example.net", **given)

    assert verdict(parse(signed(ENTITY, person), pki)) == (False, reason)


def test_an_unknown_authority_verifies_nothing(pki: Pki) -> None:
    person = pki.stranger.issue("dupont@example.net")
    chain = ("-certfile", pki.stranger.file)

    assert verdict(parse(signed(ENTITY, person), pki)) == (False, "issuer-unknown")
    # That the message brings its authority along changes nothing.
    assert verdict(parse(signed(ENTITY, person, *chain), pki))[0] is False


def test_a_revoked_certificate_verifies_nothing(pki: Pki, tmp_path: Path) -> None:
    revoked = pki.authority.issue("dupont@example.net")
    listed = tmp_path / "authorities.pem"
    listed.write_bytes(pki.authority.file.read_bytes() + pki.authority.revoke(revoked))

    assert verdict(parse(signed(ENTITY, revoked), pki, authorities=str(listed))) == (
        False,
        "certificate-revoked",
    )
    assert verdict(parse(signed(ENTITY, pki.partner), pki, authorities=str(listed))) == (True, None)


def test_a_weak_digest_verifies_nothing(pki: Pki) -> None:
    assert verdict(parse(signed(ENTITY, pki.partner, "-md", "sha1"), pki)) == (False, "weak-digest")


def test_without_authorities_nobody_is_verified_but_changes_are_seen(pki: Pki) -> None:
    entity = signed(ENTITY, pki.partner)

    assert verdict(parse(entity, None)) == (None, "nobody-trusted")
    assert verdict(parse(entity.replace(b"AB-123", b"AB-124"), None)) == (False, "content-changed")
    assert verdict(parse(entity, None, authorities="system"))[0] is False


def test_a_signature_that_covers_a_part_verifies_no_message(pki: Pki) -> None:
    first = b"Content-Type: text/plain\r\n\r\nstatus: forged\r\nplate: forged\r\n"

    parsed = parse(mixed(first, signed(TEXT, pki.partner)), pki)

    assert verdict(parsed) == (False, "covers-part")
    assert parsed["crypto"]["signed"]["covers"] == ["2.1"]


@pytest.mark.parametrize("kind", [b"text/plain", b"application/pkcs7-signature"])
def test_a_third_part_of_a_signed_message_is_not_covered(pki: Pki, kind: bytes) -> None:
    entity = signed(TEXT, pki.partner)
    [boundary] = re.findall(rb'boundary="([^"]+)"', entity)
    third = (
        b"--" + boundary + b"\r\nContent-Type: " + kind + b"\r\n\r\nstatus: forged\r\n--" + boundary + b"--"
    )

    parsed = parse(entity.replace(b"--" + boundary + b"--", third), pki)

    assert verdict(parsed) == (False, "covers-part")


def test_a_signed_message_alone_in_a_multipart_is_covered(pki: Pki) -> None:
    assert verdict(parse(mixed(signed(TEXT, pki.partner)), pki)) == (True, None)


@pytest.mark.parametrize("kind", ["application/x-pkcs7-mime", 'application/octet-stream; name="smime.p7m"'])
def test_old_and_missing_labels_are_understood(pki: Pki, kind: str) -> None:
    entity = signed(TEXT, pki.partner, "-nodetach")
    relabelled = re.sub(rb"Content-Type: [^\r]*\r\n", f"Content-Type: {kind}\r\n".encode(), entity, count=1)

    parsed = parse(relabelled, pki)

    assert verdict(parsed) == (True, None)
    assert parsed["data"] == {"secret": "42", "other": "7"}


def test_an_encrypted_message_is_read_as_what_is_inside(pki: Pki) -> None:
    parsed = parse(encrypted(ENTITY, pki.ours), pki)

    assert parsed["crypto"] == {
        "encrypted": {"decrypted": True, "cipher": "aes-256-cbc", "integrity": "none", "covers": ["1", "2"]}
    }
    assert parsed["data"] == {"status": "done", "plate": "AB-123"}
    assert [each["name"] for each in parsed["attachments"]] == ["photo.png", "smime.p7m"]
    assert parsed["defects"] == ["encryption-without-integrity"]


def test_keys_on_curves_decrypt_too(pki: Pki) -> None:
    curve = pki.authority.issue("desk@example.com")

    assert parse(encrypted(TEXT, curve), pki, own=pair(curve))["data"] == {"secret": "42", "other": "7"}


def test_a_key_of_earlier_years_still_opens_its_mail(pki: Pki) -> None:
    earlier = pki.authority.issue("desk@example.com", key=rsa.generate_private_key(65537, 2048))

    parsed = parse(encrypted(TEXT, earlier), pki, earlier=[pair(earlier)])

    assert parsed["crypto"]["encrypted"]["decrypted"] is True


def test_signed_then_encrypted_is_both(pki: Pki) -> None:
    parsed = parse(encrypted(signed(ENTITY, pki.partner), pki.ours, pki.partner), pki)

    assert verdict(parsed) == (True, None)
    assert parsed["crypto"]["encrypted"]["decrypted"] is True
    assert parsed["data"] == {"status": "done", "plate": "AB-123"}


def test_signed_encrypted_and_signed_again_tells_of_the_inner_signature(pki: Pki) -> None:
    inner = encrypted(signed(TEXT, pki.partner, "-nodetach"), pki.ours)
    body = inner.partition(b"MIME-Version: 1.0\r\n")[2]

    parsed = parse(signed(body, pki.ours), pki)

    assert verdict(parsed) == (True, None)
    assert parsed["crypto"]["signed"]["signer"]["email"] == ["dupont@example.net"]


def test_a_signature_over_ciphertext_says_nothing_of_the_text(pki: Pki) -> None:
    body = encrypted(TEXT, pki.ours).partition(b"MIME-Version: 1.0\r\n")[2]

    parsed = parse(signed(body, pki.partner), pki)

    assert "signed" not in parsed["crypto"]
    assert parsed["crypto"]["encrypted"]["decrypted"] is True


def test_mail_for_others_stays_closed(pki: Pki) -> None:
    parsed = parse(encrypted(TEXT, pki.partner), pki)

    told = {"decrypted": False, "reason": "not-for-us", "cipher": "aes-256-cbc", "integrity": "none"}
    assert parsed["crypto"] == {"encrypted": told}
    assert parsed["data"] is None
    assert [each["type"] for each in parsed["attachments"]] == ["application/pkcs7-mime"]


def test_without_a_key_mail_stays_closed(pki: Pki) -> None:
    assert parse(encrypted(TEXT, pki.ours), None)["crypto"]["encrypted"]["reason"] == "no-key"


def test_damaged_ciphertext_stays_closed(pki: Pki) -> None:
    entity = encrypted(TEXT, pki.ours)
    start = entity.index(b"\r\n\r\n") + 4
    der = bytearray(base64.b64decode(entity[start:]))
    der[-1] ^= 1

    told = parse(entity[:start] + base64.encodebytes(der), pki)["crypto"]["encrypted"]

    assert (told["decrypted"], told["reason"]) == (False, "damaged")


def test_decrypted_content_is_kept_apart_from_what_lies_beside_it(pki: Pki) -> None:
    leak = b'Content-Type: text/html\r\n\r\n<img src="http://example.org/'
    entity = encrypted(TEXT, pki.ours).partition(b"MIME-Version: 1.0\r\n")[2]

    parsed = parse(mixed(leak, entity, b'Content-Type: text/html\r\n\r\n">'), pki)

    [part] = parsed["crypto"]["parts"]
    assert part["partId"] == "2"
    assert part["encrypted"]["decrypted"] is True
    assert part["data"] == {"secret": "42", "other": "7"}
    assert "secret" not in parsed["text"] + parsed["html"]
    assert parsed["data"] is None


def test_a_signed_file_beside_text_verifies_no_message(pki: Pki) -> None:
    first = b"Content-Type: text/plain\r\n\r\nstatus: forged\r\nplate: forged\r\n"

    parsed = parse(mixed(first, signed(TEXT, pki.partner, "-nodetach")), pki)

    [part] = parsed["crypto"]["parts"]
    assert (part["signed"]["verified"], part["signed"]["reason"]) == (False, "covers-part")
    assert part["data"] == {"secret": "42", "other": "7"}
    assert "signed" not in parsed["crypto"]


def test_a_passphrase_comes_from_its_command(pki: Pki) -> None:
    person = pki.authority.issue(
        "desk@example.com", key=rsa.generate_private_key(65537, 2048), passphrase=b"p\xc3\xa4ss"
    )
    entity = encrypted(TEXT, person)
    right, wrong = Secret(command=["printf", "päss\\n"]), Secret(command=["printf", "word\\n"])

    assert parse(entity, pki, own=pair(person, right))["crypto"]["encrypted"]["decrypted"] is True
    for phrase in (wrong, None):
        with pytest.raises(ConfigError, match="passphrase"):
            parse(entity, pki, own=pair(person, phrase))


def test_a_key_that_others_can_read_is_refused(pki: Pki) -> None:
    person = pki.authority.issue("desk@example.com", key=rsa.generate_private_key(65537, 2048))
    person.key.chmod(0o640)

    with pytest.raises(NotPermittedError, match="chmod 600"):
        parse(encrypted(TEXT, person), pki, own=pair(person))


def test_files_that_are_missing_are_named(pki: Pki, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")

    with pytest.raises(ConfigError, match=r"none\.pem"):
        parse(encrypted(TEXT, pki.ours), pki, own=KeyPair(missing, missing))
    with pytest.raises(ConfigError, match=r"none\.pem"):
        parse(signed(TEXT, pki.partner), pki, authorities=missing)


def test_without_openssl_the_record_says_so(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    entities = [signed(ENTITY, pki.partner), encrypted(ENTITY, pki.ours)]
    monkeypatch.setenv("PATH", "/nonexistent")

    clear, closed = (parse(entity, pki) for entity in entities)

    assert verdict(clear) == (None, "openssl-missing")
    assert clear["data"] == {"status": "done", "plate": "AB-123"}
    assert closed["crypto"]["encrypted"]["reason"] == "openssl-missing"
    assert "openssl-missing" in clear["defects"]
    assert "openssl-missing" in closed["defects"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"AAAA",
        b"MIAGCSqGSIb3DQEHAqCA",
        base64.b64encode(b"\x30\x80" * 1000),
        base64.b64encode(b"\x30\x84\x7f\xff\xff\xff"),
    ],
)
def test_what_is_only_called_smime_is_an_attachment(pki: Pki, body: bytes) -> None:
    entity = (
        b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )

    parsed = parse(entity + body + b"\r\n", pki)

    assert "crypto" not in parsed
    assert "crypto-unreadable" in parsed["defects"]
    assert len(parsed["attachments"]) == 1


def test_layers_without_end_are_not_followed(pki: Pki) -> None:
    entity = TEXT
    for _ in range(7):
        entity = signed(entity, pki.partner, "-nodetach").partition(b"MIME-Version: 1.0\r\n")[2]

    parsed = parse(entity, pki)

    assert "limit:crypto" in parsed["defects"]
    assert parsed["text"] == ""


def test_an_ordinary_message_has_no_such_member() -> None:
    assert "crypto" not in core.read(HEAD + b"\r\nhello\r\n")


def test_the_command_opens_mail_with_the_keys_of_its_account(pki: Pki, run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "accounts:\n  one:\n    smime:\n"
        f"      own: {{certificate: '{pki.ours.certificate}', key: '{pki.ours.key}'}}\n"
        f"      authorities: '{pki.authority.file}'\n  two: {{}}\n"
    )
    raw = base64.b64encode(HEAD + encrypted(signed(ENTITY, pki.partner), pki.ours)).decode()
    records = [{"raw": raw, "source": {"account": name}} for name in ("one", "two")]

    opened, closed = run(["parse"], env={"MAILPIPE_CONFIG": str(config)}, stdin=records).records

    assert opened["crypto"]["signed"]["verified"] is True
    assert opened["data"] == {"status": "done", "plate": "AB-123"}
    assert closed["crypto"]["encrypted"]["reason"] == "no-key"


def test_kinds_of_messages_are_told_without_opening_them(pki: Pki) -> None:
    der = partial(openssl, "cms", "-outform", "DER", "-binary")
    signing = ("-sign", "-signer", pki.partner.certificate, "-inkey", pki.partner.key)
    kinds = [
        cms.sniff(der(*signing, data=b"x")),
        cms.sniff(der(*signing, "-nodetach", "-md", "sha1", data=b"x")),
        cms.sniff(der(*signing, "-nodetach", "-stream", data=b"x" * 10_000)),
        cms.sniff(der("-encrypt", "-des3", pki.ours.certificate, data=b"x")),
        cms.sniff(der("-encrypt", "-stream", "-aes-128-gcm", pki.ours.certificate, data=b"x" * 10_000)),
    ]

    assert kinds == [
        cms.Kind("signed", digests=("sha256",), detached=True),
        cms.Kind("signed", digests=("sha1",)),
        cms.Kind("signed", digests=("sha256",)),
        cms.Kind("enveloped", cipher="des-ede3-cbc"),
        cms.Kind("auth-enveloped", cipher="aes-128-gcm"),
    ]


@given(st.binary(max_size=200), st.integers(0, 60))
def test_no_octets_are_too_strange_to_be_told(octets: bytes, keep: int) -> None:
    head = bytes.fromhex("308006092a864886f70d010702a0803080020101310f300d06096086480165030402010500308006")

    cms.sniff(octets)
    cms.sniff(head[:keep] + octets)
