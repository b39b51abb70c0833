"""Signed and encrypted messages: opened by openssl itself, and by parse."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from mailpipe.mail import compose, mime, seal
from tests.conftest import Result, Run
from tests.servers.certificates import Authority, Person, Pki, openssl
from tests.servers.smtp import Server

BODY = "Dear {{ name }},\n\nFrom now on: done \n\n    code with blanks   \n"
DATA = {"name": "Zoë", "mail": "dupont@example.net", "plate": "AB-123", "list": [1, "x "]}


class Desk:
    """An account with certificates, and templates that use them."""

    def __init__(self, pki: Pki, run: Run, folder: Path) -> None:
        self.pki, self._run, self.folder = pki, run, folder
        self.people = folder / "people"
        self.people.mkdir()
        self.know("dupont@example.net", pki.partner)
        self.configure()

    def know(self, address: str, person: Person) -> None:
        (self.people / f"{address}.pem").write_bytes(person.certificate.read_bytes())

    def configure(self, own: Person | None = None, **more: str) -> None:
        own = own or self.pki.ours
        smime = {
            "own": {"certificate": str(own.certificate), "key": str(own.key)},
            "authorities": str(self.pki.authority.file),
            "recipients": "people",
            **more,
        }
        account = {"from": "Desk <desk@example.com>", "smime": smime}
        (self.folder / "config.yaml").write_text(json.dumps({"accounts": {"desk": account}}))

    def render(self, keys: str, *flags: str, to: str = "dupont@example.net", data: Any = None) -> Result:
        text = f"---\nto: {to}\nsubject: Check {{{{ plate }}}}\n{keys}\n---\n{BODY}"
        (self.folder / "t.md").write_text(text)
        records = [DATA] if data is None else data
        return self._run(["render", "t.md", *flags], stdin=records, env=self.env, cwd=self.folder)

    def raw(self, keys: str, *flags: str) -> bytes:
        done = self.render(keys, *flags)
        assert (done.status, done.stderr) == (0, "")
        return base64.b64decode(done.records[0]["raw"])

    def parse(self, raw: bytes, config: Path | None = None) -> dict[str, Any]:
        env = {"MAILPIPE_CONFIG": str(config)} if config else self.env
        [record] = self._run(["parse"], stdin=raw, env=env, cwd=self.folder).records
        return record

    def error(self, keys: str, *flags: str, to: str = "dupont@example.net") -> tuple[str, str]:
        done = self.render(keys, *flags, to=to)
        assert done.status == 1
        error = done.records[0]["error"]
        return error["type"], error["detail"]

    @property
    def env(self) -> dict[str, str]:
        return {"MAILPIPE_CONFIG": str(self.folder / "config.yaml")}

    def config_of(self, person: Person) -> Path:
        """The configuration of somebody who receives."""
        path = self.folder / "other.yaml"
        smime = {
            "own": {"certificate": str(person.certificate), "key": str(person.key)},
            "authorities": str(self.pki.authority.file),
        }
        path.write_text(json.dumps({"accounts": {"other": {"smime": smime}}}))
        return path


@pytest.fixture
def desk(pki: Pki, run: Run, tmp_path: Path) -> Desk:
    return Desk(pki, run, tmp_path)


def verified(raw: bytes, authority: Authority, *options: str | Path) -> bytes:
    return openssl("cms", "-verify", "-CAfile", authority.file, "-purpose", "smimesign", *options, data=raw)


def test_a_signed_message_is_verified_by_openssl_and_by_parse(desk: Desk) -> None:
    raw = desk.raw("sign: true")

    content = verified(raw, desk.pki.authority)
    parsed = desk.parse(raw)

    assert b"AB-123" in content
    assert parsed["crypto"]["signed"]["verified"] is True
    assert parsed["crypto"]["signed"]["signer"]["email"] == ["desk@example.com"]
    assert parsed["data"] == DATA
    assert "From now on: done" in parsed["text"]


def test_the_header_stays_outside_and_says_what_it_said(desk: Desk) -> None:
    head, _, body = desk.raw("sign: true").partition(b"\r\n\r\n")

    fields = {line.partition(b":")[0] for line in head.replace(b"\r\n ", b" ").split(b"\r\n")}
    assert {b"From", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type"} <= fields
    assert b"\r\nSubject: " not in body
    assert b"micalg=sha-256" in head


def test_what_is_signed_survives_servers_that_trim_lines_and_mark_from(desk: Desk) -> None:
    raw = desk.raw("sign: true")
    entity = mime.read(raw).root.parts[0].raw()

    assert compose.is_7bit(raw)
    assert not [line for line in entity.split(b"\r\n") if line.startswith(b"From ") or line != line.rstrip()]
    for damaged in (raw.replace(b"\r\n", b"\n"), raw.replace(b"\r\nFrom ", b"\r\n>From ")):
        assert desk.parse(damaged)["crypto"]["signed"]["verified"] is True


def test_parts_are_made_steady_without_changing_what_they_say() -> None:
    for text in ("From here\nFrom there \n", "a \n", "a\t\nb", "plain\n", "x" * 100 + " \nFrom é \n", "end "):
        part = compose.text_part("text/plain", text)
        [steadied] = seal.steady([part])

        content, wrong = mime.read(steadied).root.content()
        assert (content.decode().replace("\r\n", "\n"), wrong) == (text, ())
        assert max(map(len, steadied.split(b"\r\n"))) <= 78
        body = steadied.partition(b"\r\n\r\n")[2].split(b"\r\n")
        assert not [line for line in body if line.startswith(b"From ") or line != line.rstrip(b" \t")]


def test_the_issuers_of_our_certificate_travel_with_it(desk: Desk) -> None:
    bundle = desk.folder / "bundle.pem"
    bundle.write_bytes(desk.pki.ours.certificate.read_bytes() + desk.pki.authority.file.read_bytes())
    desk.configure(own=Person(bundle, desk.pki.ours.key, desk.pki.ours.loaded, desk.pki.ours.private))
    raw = desk.raw("sign: true")

    signature, _ = mime.read(raw).root.parts[1].content()
    listed = openssl("pkcs7", "-inform", "DER", "-print_certs", "-noout", data=signature)

    assert listed.count(b"subject=") == 2
    assert b"Test authority" in listed


@pytest.mark.parametrize(
    ("cipher", "kind"), [("auto", "gcm"), ("aes-256-gcm", "gcm"), ("aes-256-cbc", "cbc")]
)
def test_an_encrypted_message_is_opened_by_its_recipients_and_by_us(
    desk: Desk, cipher: str, kind: str
) -> None:
    desk.configure(cipher=cipher)
    raw = desk.raw("encrypt: true")

    for person in (desk.pki.ours, desk.pki.partner):  # RSA, and a curve
        opened = openssl("cms", "-decrypt", "-recip", person.certificate, "-inkey", person.key, data=raw)
        parsed = desk.parse(raw, desk.config_of(person))
        assert b"AB-123" in opened
        assert parsed["data"] == DATA
        assert parsed["crypto"]["encrypted"]["cipher"] == f"aes-256-{kind}"
        assert parsed["crypto"]["encrypted"]["integrity"] == ("authenticated" if kind == "gcm" else "none")
    assert b"AB-123" not in raw.partition(b"\r\n\r\n")[2]
    assert (b"authEnveloped-data" in raw) == (kind == "gcm")


def test_signed_and_encrypted_is_signed_within(desk: Desk) -> None:
    raw = desk.raw("sign: true\nencrypt: true")

    parsed = desk.parse(raw, desk.config_of(desk.pki.partner))
    opened = openssl(
        "cms", "-decrypt", "-recip", desk.pki.partner.certificate, "-inkey", desk.pki.partner.key, data=raw
    )

    assert parsed["crypto"]["signed"]["verified"] is True
    assert parsed["crypto"]["encrypted"]["decrypted"] is True
    assert b"AB-123" in verified(opened, desk.pki.authority)


def test_a_changed_authenticated_message_is_not_opened(desk: Desk) -> None:
    head, gap, body = desk.raw("encrypt: true").partition(b"\r\n\r\n")
    der = bytearray(base64.b64decode(body))
    der[-40] ^= 1

    told = desk.parse(head + gap + base64.encodebytes(bytes(der)))["crypto"]["encrypted"]

    assert (told["decrypted"], told["reason"]) == (False, "damaged")


def test_flags_and_templates_decide_for_each_message(desk: Desk) -> None:
    keys = 'sign: "{{ secure }}"'
    done = desk.render(keys, data=[{**DATA, "secure": secure} for secure in (True, False, "maybe")])

    kinds = [b"multipart/signed" in base64.b64decode(record.get("raw", "")) for record in done.records]
    assert kinds == [True, False, False]
    assert done.records[2]["error"]["type"] == "bad-switch"
    assert b"multipart/signed" not in desk.raw("sign: true", "--no-sign")
    assert b"multipart/signed" in desk.raw("", "--sign")
    assert b"pkcs7-mime" in desk.raw("", "--encrypt")
    assert b"multipart/signed" not in desk.raw("sign: false")


def test_a_recipient_without_certificate_is_named(desk: Desk) -> None:
    kind, detail = desk.error("encrypt: true\ncc: [other@example.net]")

    assert kind == "no-certificate"
    assert "other@example.net.pem" in detail


@pytest.mark.parametrize(
    "address", ['"../people/dupont"@example.net', "a/b@example.net", "~root/x@example.net"]
)
def test_an_address_names_no_file_elsewhere(desk: Desk, address: str) -> None:
    assert desk.error("encrypt: true", to=f"'{address}'")[0] == "no-certificate"


def test_capitals_of_a_recipient_make_no_difference(desk: Desk) -> None:
    assert desk.render("encrypt: true", to="Dupont@Example.net").status == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"starts": timedelta(days=-9), "ends": timedelta(days=-2)}, "has expired"),
        ({"starts": timedelta(days=2), "ends": timedelta(days=9)}, "is not valid before"),
        ({"usage": ["digital_signature"]}, "is not made to encrypt with"),
        ({"usage": ["key_encipherment"]}, "is not made to encrypt with"),  # for a key on a curve
        ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "is not made for e-mail"),
        ({"own": True}, "is not trusted"),
    ],
)
def test_a_recipients_certificate_that_is_not_good_is_refused(
    desk: Desk, given: dict[str, Any], said: str
) -> None:
    desk.know("dupont@example.net", desk.pki.authority.issue("dupont@example.net", **given))

    kind, detail = desk.error("encrypt: true")

    assert (kind, said in detail) == ("bad-certificate", True)


def test_the_certificate_of_another_address_is_refused(desk: Desk) -> None:
    desk.know("dupont@example.net", desk.pki.authority.issue("durand@example.net"))

    assert "is that of durand@example.net" in desk.error("encrypt: true")[1]


def test_the_certificate_of_an_unknown_authority_is_refused(desk: Desk) -> None:
    desk.know("dupont@example.net", desk.pki.stranger.issue("dupont@example.net"))

    assert "is not trusted" in desk.error("encrypt: true")[1]


def test_blind_copies_are_not_told_to_everybody(desk: Desk) -> None:
    assert desk.error("encrypt: true\nbcc: [desk@example.com]")[0] == "bcc-encrypted"
    assert desk.render("sign: true\nbcc: [desk@example.com]").status == 0


def test_nobody_signs_for_somebody_else(desk: Desk) -> None:
    assert desk.error("sign: true\nfrom: boss@example.com")[0] == "bad-signer"


def test_a_tracked_message_is_not_signed(desk: Desk) -> None:
    assert desk.error("sign: true\ntrack: https://t.example.com")[0] == "not-trackable"
    assert desk.error("encrypt: true\ntrack: https://t.example.com")[0] == "not-trackable"


@pytest.mark.parametrize("keys", ["sign: true", "encrypt: true", "sign: true\nencrypt: true"])
def test_each_copy_of_a_tracked_message_is_sealed_where_that_is_asked_for(desk: Desk, keys: str) -> None:
    desk.know("garage@example.net", desk.pki.authority.issue("garage@example.net"))
    track = "track: {url: 'https://t.example.com', sealed: true}"

    done = desk.render(f"{keys}\n{track}", to='["dupont@example.net", "garage@example.net"]')

    assert (done.status, done.stderr, len(done.records)) == (0, "", 2)
    raws = [base64.b64decode(record["raw"]) for record in done.records]
    assert len({raw.partition(b"\r\n\r\n")[0] for raw in raws}) == 1
    for record, raw in zip(done.records, raws, strict=True):
        parsed = desk.parse(raw)
        assert record["track"]["pixel"] in parsed["html"]
        assert parsed["data"] == DATA
        crypto = parsed["crypto"]
        assert crypto["signed"]["verified"] is True if "sign" in keys else crypto["encrypted"]["decrypted"]


@pytest.mark.parametrize(
    ("given", "keys", "said"),
    [
        ({"starts": timedelta(days=-9), "ends": timedelta(days=-2)}, "sign: true", "has expired"),
        ({"usage": ["key_agreement"]}, "sign: true", "is not made to sign with"),
        ({"usage": ["digital_signature"]}, "encrypt: true", "is not made to encrypt with"),
        ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "sign: true", "is not made for e-mail"),
    ],
)
def test_our_own_certificate_is_looked_at_before_anything_is_made(
    desk: Desk, given: dict[str, Any], keys: str, said: str
) -> None:
    desk.configure(own=desk.pki.authority.issue("desk@example.com", **given))

    done = desk.render(keys)

    assert (done.status, said in done.stderr) == (78, True)
    assert all("raw" not in record for record in done.records)


def test_a_key_of_another_certificate_is_refused(desk: Desk) -> None:
    other = desk.pki.authority.issue("desk@example.com")
    ours = desk.pki.ours
    desk.configure(own=Person(ours.certificate, other.key, ours.loaded, other.private))

    done = desk.render("sign: true")

    assert (done.status, "is not the key of" in done.stderr) == (78, True)


def test_a_passphrase_reaches_openssl_and_nobody_else(desk: Desk, run: Run) -> None:
    person = desk.pki.authority.issue("desk@example.com", passphrase=b"open sesame")
    phrase = {"command": ["printf", "open sesame"]}
    path = desk.folder / "config.yaml"
    desk.configure(own=person)
    config = json.loads(path.read_text())
    assert desk.render("sign: true").status == 78

    config["accounts"]["desk"]["smime"]["own"]["passphrase"] = phrase
    path.write_text(json.dumps(config))
    done = desk.render("sign: true")

    assert done.status == 0
    assert b"open sesame" not in done.stdout


def test_a_certificate_for_encryption_alone_may_stand_beside(desk: Desk) -> None:
    signing = desk.pki.authority.issue("desk@example.com", usage=["digital_signature"])
    desk.configure(own=signing)
    path = desk.folder / "config.yaml"
    config = json.loads(path.read_text())
    ours = {"certificate": str(desk.pki.ours.certificate), "key": str(desk.pki.ours.key)}
    config["accounts"]["desk"]["smime"]["earlier"] = [ours]
    path.write_text(json.dumps(config))

    parsed = desk.parse(desk.raw("sign: true\nencrypt: true"))

    assert parsed["crypto"]["signed"]["verified"] is True
    assert parsed["data"] == DATA


def test_without_keys_a_template_that_signs_ends_the_stage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: a@example.com\nto: b@example.net\nsign: true\n---\nx\n")

    done = run(["render", "t.md"], stdin=[DATA])

    assert (done.status, "set own of smime" in done.stderr) == (78, True)


def test_without_openssl_nothing_is_rendered_in_clear(desk: Desk, run: Run) -> None:
    desk.raw("sign: true")  # writes the template

    done = run(["render", "t.md"], stdin=[DATA], env={**desk.env, "PATH": "/nonexistent"}, cwd=desk.folder)

    assert (done.status, "there is no program openssl" in done.stderr) == (69, True)
    assert b'"raw"' not in done.stdout


def test_a_signature_survives_real_sending(
    desk: Desk, run: Run, smtpd: Callable[..., Server], tmp_path: Path
) -> None:
    server = smtpd()
    rendered = desk.render("sign: true")

    sent = run(["send", "--via", server.url()], stdin=rendered.stdout, env=desk.env, cwd=desk.folder)
    run(["send", "--via", "maildir:out"], stdin=rendered.stdout, env=desk.env, cwd=desk.folder)
    filed = run(["parse", "out"], env=desk.env, cwd=desk.folder).records

    assert sent.status == 0
    assert desk.parse(server.mails[0].content)["crypto"]["signed"]["verified"] is True
    assert [record["crypto"]["signed"]["verified"] for record in filed] == [True]


def test_large_keys_and_many_recipients_work_together(desk: Desk) -> None:
    people = []
    for number in range(4):
        key = rsa.generate_private_key(65537, 3072) if number % 2 else None
        people.append(desk.pki.authority.issue(f"p{number}@example.net", key=key))
        desk.know(f"p{number}@example.net", people[-1])

    raw = desk.raw("encrypt: true\ncc: [p0@example.net, p1@example.net, p2@example.net, p3@example.net]")

    for person in people:
        assert desk.parse(raw, desk.config_of(person))["data"] == DATA
