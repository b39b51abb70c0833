"""Taking a text apart into reply, quoted and signature."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse.reply import split

INTRODUCTIONS = [
    "On Tue, 14 May 2024 at 10:11, Jane Doe <jane@example.org> wrote:",
    "On May 14, 2024, at 10:11 AM, Jane Doe wrote:",
    "Le mar. 14 mai 2024 à 10:11, Jeanne <jeanne@example.org> a écrit :",
    "Am 14.05.2024 um 10:11 schrieb Johanna Muster:",
    "Am Di., 14. Mai 2024 um 10:11 Uhr schrieb Johanna <johanna@example.org>:",
    "El mar, 14 may 2024 a las 10:11, Juana (<juana@example.org>) escribió:",
    "Il giorno mar 14 mag 2024 alle ore 10:11 Gianna <gianna@example.org> ha scritto:",
    "Em ter., 14 de mai. de 2024 às 10:11, Joana <joana@example.org> escreveu:",
    "Op di 14 mei 2024 om 10:11 schreef Janna <janna@example.org>:",
    "Den tis 14 maj 2024 kl 10:11 skrev Johanna <johanna@example.org>:",
    "Den tir. 14. maj 2024 kl. 10.11 skrev Johanne <johanne@example.org>:",
    "ti 14. toukok. 2024 klo 10.11 Johanna (johanna@example.org) kirjoitti:",
    "W dniu 14.05.2024 o 10:11, Joanna pisze:",
    "wt., 14 maj 2024 o 10:11 Joanna <joanna@example.org> napisał(a):",
    "út 14. 5. 2024 v 10:11 odesílatel Jana <jana@example.org> napsal:",
    "Dňa 14. 5. 2024 o 10:11 Jana napísala:",
    "Johanna <johanna@example.org> ezt írta (időpont: 2024. máj. 14., K, 10:11):",
    "În mar., 14 mai 2024 la 10:11, Ioana <ioana@example.org> a scris:",
    "На вт, 14.05.2024 г. в 10:11 Йоана <joana@example.org> написа:",
    "вт, 14 мая 2024 г. в 10:11, Иоанна <ioanna@example.org>:",
    "14.05.2024 10:11, Иоанна пишет:",
    "вт, 14 трав. 2024 р. о 10:11 Йоанна <joanna@example.org> пише:",
    "Στις Τρί 14 Μαΐ 2024 στις 10:11 π.μ., ο χρήστης Ιωάννα <ioanna@example.org> έγραψε:",
    "Ayşe <ayse@example.org>, 14 May 2024 Sal, 10:11 tarihinde şunu yazdı:",
    "في الثلاثاء، 14 مايو 2024 في 10:11 ص كتب جين <jane@example.org>:",
    "‫בתאריך יום ג׳, 14 במאי 2024 ב-10:11 מאת ג׳יין <jane@example.org>:",
    "2024年5月14日(火) 10:11 花子 <hanako@example.org>:",
    "小芳 <xiaofang@example.org> 于2024年5月14日周二 10:11写道：",
    "小芳 <xiaofang@example.org> 於 2024年5月14日 週二 上午10:11寫道：",
    "2024년 5월 14일 (화) 오전 10:11, 지은 <jieun@example.org>님이 작성:",
    "Vào Th 3, 14 thg 5, 2024 vào lúc 10:11 Hoa <hoa@example.org> đã viết:",
    "Pada tanggal Sel, 14 Mei 2024 pukul 10.11 Siti <siti@example.org> menulis:",
    "Dana uto, 14. svi 2024. u 10:11 Ivana <ivana@example.org> napisala je:",
    "V tor., 14. maj 2024 ob 10:11 je oseba Ivana <ivana@example.org> napisala:",
    "Kuupäeval T, 14. mai 2024 kell 10:11 kirjutas Johanna <johanna@example.org>:",
    "otrd., 2024. g. 14. maijs, plkst. 10:11 — lietotājs Jana (<jana@example.org>) rakstīja:",
    "2024-05-14, an, 10:11 Joana <joana@example.org> rašė:",
    "El dt., 14 de maig 2024, 10:11, Joana <joana@example.org> va escriure:",
    "Þann þri., 14. maí 2024 kl. 10:11 skrifaði Jóhanna <johanna@example.org>:",
    "मंगल, 14 मई 2024 को 10:11 बजे को Asha <asha@example.org> ने लिखा:",
    "در تاریخ سه‌شنبه ۱۴ مهٔ ۲۰۲۴ ساعت ۱۰:۱۱ جین <jane@example.org> نوشت:",
    "เมื่อ อ. 14 พ.ค. 2024 เวลา 10:11 Jane <jane@example.org> เขียนว่า:",
    "Дана уто, 14. мај 2024. у 10:11 Јована <jovana@example.org> је написала:",
    "2024(e)ko mai. 14(a) ar. 10:11 erabiltzaileak hau idatzi du (Jone <jone@example.org>):",
    "El dt., 14 maig 2024 a les 10:11, Joana (<joana@example.org>) va escriure:",
    "Em 14/05/2024 10:11, Joana escreveu:",
    "2024. május 14. 10:11 keltezéssel, Johanna írta:",
    "Jane Doe <jane@example.org> schrieb am Di., 14. Mai 2024, 10:11:",
    '14 mai 2024 10:11, "Jane" <jane@example.org> a écrit:',
    "El 14/5/24 a las 10:11, Juana escribió:",
    "Den 14.05.2024 10:11, skrev Johanne:",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
@pytest.mark.parametrize("bar", ["> ", ""])
def test_an_introduction_in_any_language_begins_the_quote(introduction: str, bar: str) -> None:
    pieces = split(f"Done.\n\n{introduction}\n\n{bar}Please check the car.\n")

    assert pieces.reply == "Done."
    assert pieces.quoted == f"{introduction}\n\n{bar}Please check the car."


@pytest.mark.parametrize(
    "head",
    [
        "From: Jane <jane@example.org>\nSent: Tuesday, May 14, 2024 10:11 AM\nTo: Desk\nSubject: Check",
        "De : Jeanne <jeanne@example.org>\nEnvoyé : mardi 14 mai 2024 10:11\nÀ : Bureau\nObjet : Contrôle",
        "Von: Johanna <j@example.org>\nGesendet: Dienstag, 14. Mai 2024 10:11\nAn: Tisch\nBetreff: Prüfung",
        "De: Juana <j@example.org>\nEnviado el: martes, 14 de mayo de 2024\nPara: Mesa\nAsunto: Control",
        "Da: Gianna <g@example.org>\nInviato: martedì 14 maggio 2024 10:11\nA: Ufficio\nOggetto: Controllo",
        "Van: Janna <j@example.org>\nVerzonden: dinsdag 14 mei 2024 10:11\nAan: Balie\nOnderwerp: Controle",
        "Od: Joanna <j@example.org>\nWysłano: wtorek, 14 maja 2024 10:11\nDo: Biuro\nTemat: Kontrola",
        "От: Иоанна <i@example.org>\nОтправлено: вторник, 14 мая 2024 г. 10:11\nКому: Стол\nТема: Проверка",
        "发件人: 小芳 <x@example.org>\n发送时间: 2024年5月14日 10:11\n收件人: 前台\n主题: 检查",
        "差出人: 花子 <h@example.org>\n送信日時: 2024年5月14日 10:11\n宛先: 受付\n件名: 点検",
        "보낸 사람: 지은 <j@example.org>\n보낸 날짜: 2024년 5월 14일\n받는 사람: 데스크\n제목: 점검",
        "Kimden: Ayşe <a@example.org>\nGönderildi: 14 Mayıs 2024 Salı 10:11\nKime: Masa\nKonu: Kontrol",
        "من: جين <j@example.org>\nالتاريخ: 14 مايو 2024\nإلى: المكتب\nالموضوع: فحص",
        "Lähettäjä: Johanna <j@example.org>\nLähetetty: tiistai 14. toukokuuta 2024\nAihe: Tarkastus",
        "От: Иван <i@example.org>\nИзпратено: вторник, 14 май 2024 г. 10:11\nДо: Бюро\nОтносно: Проверка",
        "Από: Ιωάννα <i@example.org>\nΣτάλθηκε: Τρίτη, 14 Μαΐου 2024 10:11\nΠρος: Γραφείο\nΘέμα: Έλεγχος",
        "מאת: יוחנן <y@example.org>\nנשלח: יום שלישי 14 מאי 2024 10:11\nאל: משרד\nנושא: בדיקה",
        "از: جین <j@example.org>\nارسال شده: سه‌شنبه ۱۴ مه ۲۰۲۴\nبه: میز\nموضوع: بررسی",
        "จาก: Jane <j@example.org>\nส่ง: วันอังคารที่ 14 พฤษภาคม 2024\nถึง: Desk\nเรื่อง: ตรวจสอบ",
        "Từ: Hoa <h@example.org>\nĐã gửi: 14 Tháng Năm 2024\nTới: Bàn\nChủ đề: Kiểm tra",
        "Dari: Siti <s@example.org>\nDikirim: Selasa, 14 Mei 2024\nKepada: Meja\nPerihal: Periksa",
        "Від: Іван <i@example.org>\nНадіслано: вівторок, 14 травня 2024 р.\nКому: Стіл\nТема: Перевірка",
        "Od: Ivana <i@example.org>\nPoslano: utorak, 14. svibnja 2024.\nPrima: Ured\nPredmet: Provjera",
        "Од: Јована <j@example.org>\nПослато: уторак, 14. мај 2024.\nЗа: Канцеларија\nТема: Провера",
        "Od: Jana <j@example.org>\nOdoslané: utorok 14. mája 2024\nKomu: Stôl\nPredmet: Kontrola",
        "Od: Jana <j@example.org>\nOdesláno: úterý 14. května 2024\nKomu: Stůl\nPředmět: Kontrola",
        "Od: Jana <j@example.org>\nPoslano: torek, 14. maj 2024\nZa: Miza\nZadeva: Pregled",
        "Saatja: Jaana <j@example.org>\nSaadetud: teisipäev, 14. mai 2024\nSaaja: Laud\nTeema: Kontroll",
        "No: Jana <j@example.org>\nNosūtīts: otrdiena, 2024. gada 14. maijs\nKam: Galds\nTēma: Pārbaude",
        "Nuo: Jana <j@example.org>\nIšsiųsta: 2024 m. gegužės 14 d.\nKam: Stalas\nTema: Patikra",
        "De: Joana <j@example.org>\nEnviat: dimarts, 14 de maig de 2024\nPer a: Taula\nAssumpte: Control",
        "Nork: Jone <j@example.org>\nBidalia: asteartea, 2024.eko maiatzak 14\nNori: Mahaia\nGaia: Egiaztatu",
        "Feladó: Johanna <j@example.org>\nElküldve: 2024. május 14.\nCímzett: Asztal\nTárgy: Ellenőrzés",
        "De la: Ioana <i@example.org>\nTrimis: marți, 14 mai 2024 10:11\nCătre: Birou\nSubiect: Control",
        "Fra: Johanne <j@example.org>\nSendt: tirsdag 14. maj 2024 10:11\nTil: Bord\nEmne: Kontrol",
        "Från: Johanna <j@example.org>\nSkickat: den 14 maj 2024 10:11\nTill: Bord\nÄmne: Kontroll",
        "Frá: Jóhanna <j@example.org>\nSent: þriðjudagur 14. maí 2024\nTil: Borð\nEfni: Athugun",
        "प्रेषक: आशा <a@example.org>\nदिनांक: 14 मई 2024\nप्रति: मेज़\nविषय: जाँच",
        "寄件者: 小芳 <x@example.org>\n寄件日期: 2024年5月14日\n收件者: 前台\n主旨: 檢查",
        "*From:* Jane <jane@example.org>\n*Sent:* Tuesday, May 14, 2024 10:11 AM\n*Subject:* Check",
    ],
)
def test_header_lines_in_any_language_begin_the_quote(head: str) -> None:
    pieces = split(f"C'est fait.\n\n________________________________\n{head}\n\nPlease check the car.")

    assert pieces.reply == "C'est fait."
    assert pieces.quoted.endswith("Please check the car.")


@pytest.mark.parametrize(
    "marker",
    [
        "-----Original Message-----",
        "-------- Ursprüngliche Nachricht --------",
        "---------- Forwarded message ---------",
        "-------- Message transféré --------",
        "----- Пересылаемое сообщение -----",
        "Begin forwarded message:",
        "Début du message réexpédié :",
        "---- Jane Doe wrote ----",
        "##- Please type your reply above this line -##",
        "-- Reply above this line --",
        "--- Please reply above this line ---",
        "=== Reply ABOVE THIS LINE to respond ===",
        "-----Répondre au-dessus de cette ligne-----",
        "--- Bitte antworten Sie oberhalb dieser Zeile ---",
        "---- mailpipe: reply above this line ----",
    ],
)
def test_a_marker_begins_the_quote(marker: str) -> None:
    assert split(f"Done.\n\n{marker}\n\nthe text below").reply == "Done."


def test_an_introduction_wrapped_on_three_lines_is_whole() -> None:
    text = "Fait.\n\nLe mardi 14 mai 2024 à 10:11,\nJeanne Dupont\n<jeanne@example.org> a écrit :\n\n> Oui ?"

    pieces = split(text)

    assert pieces.reply == "Fait."
    assert pieces.quoted.startswith("Le mardi")


def test_answers_between_quotes_stay_in_order() -> None:
    text = "On 14.05.2024 10:11, Jane wrote:\n> Where is the car?\nIn Lyon.\n\n> Is it damaged?\nNo.\n"

    assert split(text).reply == "In Lyon.\n\nNo."


def test_a_reply_that_shares_the_line_of_the_introduction_is_kept() -> None:
    pieces = split("Done On Wed, Apr 4, 2012 at 3:59 PM, jane@example.org wrote:\n> Check it")

    assert pieces.reply == "Done"
    assert pieces.quoted == " On Wed, Apr 4, 2012 at 3:59 PM, jane@example.org wrote:\n> Check it"


@pytest.mark.parametrize(
    "text",
    [
        "On your remote host you can run:\n\n    telnet 127.0.0.1\n\nThat is all.",
        "As I said, on 14.05.2024 10:11 you wrote:\nthe car is in Lyon",
        "On Monday we wrote the report.\nThe car is in Lyon.",
        "I have three remarks:\n- the door\n- the key\n- the seat",
        "plate: AB-123\n--\nstatus: done",
        "---\nplate: AB-123\nstatus: done\n---",
        "--\nplate: AB-123",
        "```\n> not a quote\nFrom: a@example.org\nDate: 12:30\nSubject: x\n```\nThat is all.",
        "plate: AB-123\nstatus: done\nitems:\n- gps\n- radio",
        "From: Lyon\nTo: Paris\nDate: 2024-05-12\nPlate: AB-123",
        "Enter your feedback below.\n\n------- Enter Feedback Below -------\n\nIt was good.",
    ],
)
def test_nothing_is_cut_from_a_text_that_quotes_nothing(text: str) -> None:
    assert split(text) == (text, "", "")


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nJane Doe\nVehicle desk",
        "--\nJane Doe\nTel: +33 1 23 45 67 89",
        "Sent from my iPhone",
        "Envoyé de mon iPhone",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Enviado do meu iPhone",
        "Verzonden vanaf mijn iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone'a",
        "Odesláno z iPhonu",
        "Отправлено с iPhone",
        "iPhone'umdan gönderildi",
        "iPhoneから送信",
        "发自我的iPhone",
        "내 iPhone에서 보냄",
        "Get Outlook for Android",
        "Best regards,\nJane Doe\nVehicle desk",
        "Cordialement,\n\nJeanne Dupont",
        "Mit freundlichen Grüßen\nJohanna Muster",
        "-Jane",
    ],
)
@pytest.mark.parametrize(
    "below", ["", "\n\nOn Tue, 14 May 2024 at 10:11, Desk <d@example.org> wrote:\n> Check it"]
)
def test_a_signature_is_told_from_the_reply(signature: str, below: str) -> None:
    pieces = split(f"The car is in Lyon.\n\n{signature}{below}")

    assert pieces.reply == "The car is in Lyon."
    assert pieces.signature == signature


def test_thanks_alone_is_a_reply_not_a_signature() -> None:
    assert split("Thanks and regards\n").reply == "Thanks and regards"


def test_a_footer_of_a_mailing_list_below_the_quote_is_no_reply() -> None:
    footer = f"{47 * '_'}\nvehicles mailing list\nhttps://lists.example.org/vehicles"

    pieces = split(f"Done.\n\nOn 14.05.2024 10:11, Jane wrote:\n> Check\n\n\n{footer}\n")

    assert (pieces.reply, pieces.signature) == ("Done.", footer)


LINES = st.sampled_from(
    [
        *INTRODUCTIONS[:6],
        *("", " ", "> quoted", ">> deeper", "-- ", "--", "---", "text", "plate: AB", "From: a@example.org"),
        *("Date: 2024-05-14 10:11", "Subject: x", "```", "Sent from my iPhone", "Regards,", "____________"),
        *("-----Original Message-----", "x On Mon, 1 May, a@example.org wrote:", "wrote:", "<a@example.org>"),
    ]
)


@given(st.lists(LINES | st.text(max_size=30)).map("\n".join))
def test_nothing_is_ever_lost(text: str) -> None:
    pieces = split(text)

    kept = Counter("".join("\n".join(pieces).split()))
    assert kept == Counter("".join(text.split()))


@given(st.lists(LINES.filter(lambda line: " On Mon" not in line)).map("\n".join))
def test_each_line_is_in_exactly_one_piece(text: str) -> None:
    pieces = split(text)

    kept = Counter(line for piece in pieces for line in piece.split("\n") if line.strip())
    assert kept == Counter(line for line in text.split("\n") if line.strip())


@pytest.mark.parametrize(
    "text",
    [
        "On " * 300_000,
        "On x wrote:\n" * 80_000,
        "a" * 1_000_000,
        "From: a@b\n" * 100_000,
        "> \nx\n" * 200_000,
        "-- \n" * 250_000,
        "```\n~~~\n" * 120_000,
        "x On Mon, 1 May 2024, a@b.example wrote:\n> y\n" * 20_000,
    ],
    ids=["intro", "intros", "line", "head", "bars", "separators", "fences", "shared"],
)
def test_a_megabyte_made_to_be_slow_is_not(text: str) -> None:
    began = time.process_time()
    split(text)

    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Envoyé de mon iPhone",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
        "Get Outlook for Android<https://aka.ms/AAb9ysg>",
        "Отправлено с iPhone",
        "iPhoneから送信",
        "发自我的iPhone",
        "Отправлено из мобильной Почты Mail.ru",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone'a",
        "Odesláno z iPhonu",
        "iPhone'umdan gönderildi",
        "Αποστολή από το iPhone μου",
        "נשלח מה-iPhone שלי",
        "أرسلت من الـ iPhone",
        "ส่งจาก iPhone ของฉัน",
        "Đã gửi từ iPhone của tôi",
        "Dikirim dari iPhone saya",
        "Trimis de pe iPhone-ul meu",
        "Poslano s mog iPhonea",
        "Elküldve az iPhone-omról",
        "Sendt fra min iPhone",
        "Skickat från min iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Enviado do meu iPhone",
        "나의 iPhone에서 보냄",
        "ارسال شده از آیفون من",
        "Надіслано з iPhone",
    ],
)
def test_the_line_of_a_device_is_a_signature_in_any_language(line: str) -> None:
    pieces = split(f"Done.\n\n{line}\n")

    assert (pieces.reply, pieces.signature) == ("Done.", line)


@pytest.mark.parametrize(
    "footer",
    [
        "If you are not the intended recipient of this e-mail, please delete it.",
        "Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte den Absender.",
        "Ce message et ses pièces jointes sont confidentiels et destinés exclusivement à leur destinataire.",
        "Please consider the environment before printing this email.",
    ],
)
def test_what_only_lawyers_read_is_no_reply(footer: str) -> None:
    pieces = split(
        f"Done.\n\nplate: AB-123\n\n{footer}\n\nPlease consider the environment before printing it."
    )

    assert pieces.reply == "Done.\n\nplate: AB-123"
    assert footer in pieces.signature


def test_a_sentence_about_secrets_is_a_reply() -> None:
    text = "The result is confidential and must not be shown to the driver of the car."

    assert split(text).reply == text
    assert split(f"{text}\n\nPlease keep to this.").signature == ""
