"""Messages as mailers write them, to be parsed, cut and mutated by the tests."""

PLAIN = b"""\
Return-Path: <atelier@example.net>
Received: from mx.example.net by mx.example.com; Fri, 20 Nov 2026 09:12:45 +0100
From: =?iso-8859-1?Q?Garage_Andr=E9?= <atelier@example.net>
To: "Vehicle desk" <mail-api+42@example.com>, b@example.org
Subject: =?utf-8?B?UsOpOiBjb250csO0bGU=?= AB-123
Date: Fri, 20 Nov 2026 09:12:44 +0100
Message-ID: <x1@example.net>
In-Reply-To: <mail-api-1@example.com>
References: <mail-api-ref-42@example.com>
 <mail-api-1@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-1; format=flowed
Content-Transfer-Encoding: quoted-printable

Termin=E9 ! Le v=E9hicule est au =
12 rue de la Paix.

immatriculation: AB-123
statut: fait

> Please check vehicle AB-123.

--=20
Andr=E9
"""

RICH = b"""\
From: a@example.com
To: b@example.org
Subject: offer
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

plate: AB-123
--inner
Content-Type: application/json

{"plate": "AB-123", "price": 1.10}
--inner
Content-Type: multipart/related; boundary="rel"

--rel
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+cGxhdGU6IDxiPkFCLTEyMzwvYj48L3A+
--rel
Content-Type: image/png; name="logo.png"
Content-ID: <logo@example.com>
Content-Disposition: inline
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--rel--
--inner--
--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''%C3%A9tat.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--outer
Content-Type: message/rfc822

From: inner@example.com
Subject: inner
Content-Type: application/json

{"plate": "EVIL"}
--outer
Content-Type: text/plain; name="log.txt"

plate: EVIL
--outer--
epilogue
"""

HTML_ONLY = """\
From: a@example.com
Subject: html
Content-Type: text/html; charset=windows-1251

<html><body><p>plate: АВ-1</p><p style="display:none">plate: EVIL</p></body></html>
""".encode("cp1251")

BOUNCE = b"""\
Return-Path: <>
From: Mail Delivery Subsystem <MAILER-DAEMON@example.net>
To: mail-api@example.com
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b

It did not work.
--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; example.net

Final-Recipient: rfc822; x@example.net
Action: failed
Status: 5.1.1
--=_b
Content-Type: message/rfc822

Subject: the original
--=_b--
"""

ALL = (PLAIN, RICH, HTML_ONLY, BOUNCE)
