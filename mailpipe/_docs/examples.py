"""The longer examples of the manual; the tests read each with the code it is an example for."""

CONFIG = """\
app: mail-api
domain: example.com
accounts:
  partners:
    default: true
    from: Vehicle desk <mail-api@example.com>
    smtp:
      url: smtp://mail-api@mail.example.com:587
      password: {command: [pass, show, mail/partners]}
    imap:
      url: imaps://mail-api@mail.example.com
      password: {command: [pass, show, mail/partners]}
      proxy: http://proxy.example.com:3128
    folders: {processed: processed, failed: failed, sent: auto}
    trust: {authservIds: [mx.example.com]}
    refKey: {file: ref.key}
"""

RULES = """\
vocabulary: vocabulary.yaml
rules:
  - name: bounced
    when: {auto.class: bounce}
    run: [./bounced]
  - name: machines that answer machines
    when: {auto.class: [reply, generated, list, loop]}
    outcome: processed
  - name: vehicle checked
    when: {ref.verified: true, data.status: done}
    run: [./vehicle, checked, "{ref.id}"]
    timeout: 30
  - name: keep the rest for a person
    append: inbox.jsonl
    outcome: failed
"""

MORE_RULES = """\
secret: {file: hook.key}
rules:
  - name: keep everything
    append: everything.jsonl
    continue: true
  - name: vehicle checked
    when:
      data.status: done
      data: {schema: vehicle.schema.json}
      data.mileage: {minimum: 1}
    post: https://hooks.example.com/vehicles
    reply: [./thank]
  - name: an order
    when:
      subject: {matches: '(?i)\\b(order|Bestellung) (?P<order>[A-Z]{2}-[0-9]+)'}
    run: [./order, "{captures.order}"]
    limits: {memory: 512M, cpu: 20}
"""

VOCABULARY = """\
fields:
  plate_number: [plate, plate number, immatriculation, Kennzeichen]
values:
  status:
    done: [done, finished, terminé, fait, erledigt, hecho]
"""

RECORD = """\
{"id": "sha256:9f2c...", "receivedAt": "2026-11-20T08:12:46Z",
 "source": {"account": "partners", "protocol": "imap", "mailbox": "INBOX",
            "uid": 4827, "uidValidity": 1, "attempt": 1},
 "from": [{"name": "Garage Dupont", "email": "atelier@example.net"}],
 "subject": "Re: [a74e22bb] Check AB-123-CD",
 "sentAt": "2026-11-20T09:12:44+01:00",
 "messageId": ["x1@example.net"],
 "references": ["mail-api-ref-a74e22bb@example.com"],
 "ref": {"id": "a74e22bb-3313-4dc4-af28-6c2bd1351c0f",
         "by": "address", "verified": true},
 "text": "...", "reply": "Terminé !\\nImmatriculation : ab-123-cd",
 "quoted": "...", "signature": "-- \\nDupont",
 "data": {"status": "done", "plate_number": "ab-123-cd"},
 "dataSource": "lines",
 "auto": {"class": "none", "suppressReply": false},
 "attachments": [], "defects": []}
"""
