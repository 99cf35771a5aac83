"""Words by which names and numbers are known, in the languages that redaction reads; no pattern."""

from collections.abc import Iterable


def either(words: str | Iterable[str]) -> str:
    """A group of a regular expression that takes one of the words, the longest that fits."""
    listed = words.split() if isinstance(words, str) else words
    return f"(?:{'|'.join(sorted(set(listed), key=len, reverse=True))})"


def listed(words: str) -> frozenset[str]:
    """A named list of a regular expression: it is looked up, so that its length costs nothing."""
    return frozenset(words.split())


GREETINGS = either(
    r"""hi hello hey hiya dear good\s(?:morning|afternoon|evening|day) greetings welcome thanks thank\syou thx sorry
    hallo moin servus guten\s(?:tag|morgen|abend) lieber? sehr\sgeehrte[rs]? danke bonjour bonsoir salut
    ch[eè]re? merci hola buen[oa]s\s(?:días|tardes|noches) estimad[oa] querid[oa] gracias ciao buongiorno
    salve gentile car[oa] grazie dag beste geachte bedankt hej hei kjære kära tack tak ol[áa] prezad[oa]
    obrigad[oa] cze[śs][ćc] dzień\sdobry"""
)
INTRODUCTIONS = either(
    r"""(?:my|the|his|her|full|first|last|family|wife['’]s|husband['’]s)\sname(?:\s(?:is|was)|['’]s|\s?:)
    (?:^|(?<=[\n,.]\s?))name(?:\sis|\s?:) i(?:\sam|['’]m)\scalled call\sme
    (?:in|under|by)\sthe\sname(?:\sof)? (?:you['’]?re|you\sare)\s(?:chatting|speaking|talking)\s(?:to|with)
    ich\shei(?:ß|ss)e mein\sname\sist je\sm['’]appelle mon\snom\sest me\sllamo mi\snombre\ses mi\schiamo
    il\smio\snome\sè ik\sheet mijn\snaam\sis (?:o\s)?meu\snome\sé me\schamo chamo-me jag\sheter
    mitt\snamn\sär jeg\shedder jeg\sheter mit\snavn\ser nazywam\ssię mam\sna\simię"""
)
WEAK_INTRODUCTIONS = either(
    r"i(?:\sam|['’]m) im this\sis it['’]s here\sis hier\s(?:ist|spricht) c['’]est soy sono ich\sbin"
)
"""They introduce much else too: a name must have its capital, and end where a name ends."""
FAREWELLS = either(
    r"""(?:kind|best|warm|many)?\s?(?:regards|wishes) sincerely yours(?:\s(?:truly|sincerely|faithfully))? cheers
    best many\sthanks (?:freundlichen|besten|liebe|viele)\sgr(?:ü|ue)(?:ß|ss)en? mfg lg cordialement
    bien\sà\svous saludos? atentamente saluti groet(?:en)? groetjes mvh hälsningar atenciosamente pozdrawiam"""
)
TITLES = either(
    """Mr Mrs Ms Miss Mx Dr Prof Sir Madam Mme Mlle Herrn? Frau Sra? Srta Señora? Dott(?:ssa)? Sig(?:ra)? Signora?
    Dhr Mevr Ing Dipl Pani? Univ"""
)
NAME_PARTICLES = either(
    "van von der den de[lnr]? d[aiou]s? della l[ae] el al bin ibn ter ten af y zu of Mc Mac Ó ['’]t"
)
NO_NAMES = frozenset(
    """there all everyone team folks guys again sir madam maam friend friends you we i it this that the please
    thanks thank sorry how what when where why who yes no unfortunately your our my me for to and if so just
    welcome happy good great customer support have are is was can could would will may as at in on let us
    from hello hi hey a an not ok okay but or of by with under too also very much do does did has had been
    be i'm i’m i'd i've i'll oh well right sure bot chatbot assistant agent service sales english german
    french spanish american canadian british italian chinese indian dr mr mrs ms he she they which morning
    afternoon evening day night back see need want looking trying monday tuesday wednesday thursday friday
    saturday sunday january february march april june july august september october november december today
    tomorrow goodbye bye ai btw asap robot vegan office damen herren zusammen alle tous todos monsieur
    madame señor señora""".split()  # noqa: SIM905
)
"""Words that stand where a name may stand and are none."""
ALSO_WORDS = frozenset(
    """will mark may grace hope faith joy rose june april august rich bill art frank pat sue rob drew chase grant
    dean chance page case price day long short young old white black brown green gray king west north south
    little best more love bell bush cook cross field fox wood stone summer winter sunny christian miles ray
    gene jack max sky star visa""".split()  # noqa: SIM905
)
"""Names that are words too: known names of this kind are hidden only where they are written with a capital."""

PHONE_WORDS = either(
    """phone mobile cell tel telephone call dial text reach fax whatsapp sms contact telefon handy móvil celular
    téléphone portable telefono cellulare telefoon telefone 电话 手机"""
)
IDENTITY_WORDS = either(
    r"""ssn social\ssecurity national\s(?:id|insurance) insurance tax passport licen[cs]e identity personal\sid nhs
    driver ausweis steuer dni nif nie bsn pesel cpf codice\sfiscale 身份证"""
)
ACCOUNT_WORDS = either(r"account acct a/c iban sort\scode routing konto cuenta compte conto rekening 账号 pin")
CARD_WORDS = either("card visa mastercard amex karte tarjeta carte carta kaart")
ORDER_WORDS = either(
    r"""orders? booking confirmation reservation reference case ticket claim tracking invoice record\slocator pnr
    shipment parcel return rma policy contract customer member(?:ship)? bestellung bestellnummer auftrag
    buchung kundennummer commande réservation pedido reserva ordine prenotazione bestelling zamówienie 订单
    订单号"""
)
UNITS_OF_AMOUNTS = either("usd eur gbp dollars? euros? pounds? kr zł chf rmb yuan 元 km kg people")
