"""Words by which addresses, names and numbers are known, in the languages that redaction reads; no pattern.

Street words are those of English (Publication 28 of the United States Postal Service, appendix C; Australian Standard
4590), German, French, Spanish, Italian, Portuguese, Dutch, Polish and the Nordic languages.
"""

from collections.abc import Iterable


def either(words: str | Iterable[str]) -> str:
    """A group of a regular expression that takes one of the words, the longest that fits."""
    listed = words.split() if isinstance(words, str) else words
    return f"(?:{'|'.join(sorted(set(listed), key=len, reverse=True))})"


STREETS = either(
    """access amble anchorage approach artery basin boardwalk brace break broadwalk brow byway centre(?:way)?
    circuit circlet circus colonnade concourse copse courtyard cutting deviation elbow entrance esplanade
    fairway firetrail footway foreshore frontage gate glade grange ground hill hub interchange intersection
    key lees line link lower mead mew nook outlook pocket promenade quad quadrangle quays? reach retreat
    ring rise rotary round siding slope steps strip subway tarn thoroughfare tollway tor towers triangle
    turn vale view wade waters waterway wharf wynd yard alley all[ée]e annex arcade avenue ave bayou beach
    bend bluffs? bottom boulevard blvd branch bridge brooks? burgs? bypass camp canyon cape causeway
    centers? circles? cir cliffs? close club common corners? course courts? ct coves? creek crescent crest
    crossing crossroad curve dale dam divide drives? dr estates? expressway extensions? falls? ferry fields?
    flats? fords? forest forges? forks? fort freeway gardens? gateway glens? greens? groves? harbou?rs?
    haven heights highway hwy hills? hollow inlet islands? isle junctions? keys? knolls? lakes? land landing
    lanes? ln lights? loaf locks? lodge loop mall manors? meadows? mews mills? mission motorway mounts?
    mountains? neck nagar orchard oval overpass parade parks? parkways? pass passage path pike pines?
    places? plains? plaza points? ports? prairie radial ramp ranch rapids? rest ridges? river roads? rd
    route row rue run shoals? shores? skyway springs? spurs? squares? sq station stravenue stream streets?
    st summit terrace throughway trace track trafficway trail tunnel turnpike underpass unions? valleys?
    viaduct views? villages? ville vista walks? wall ways? wells? chowk marg ganj zila path"""
)
USUAL_STREETS = either("street st road rd avenue ave lane ln drive boulevard blvd terrace crescent parkway highway")
NO_STREETS = either(
    """access amble anchorage approach artery basin boardwalk brace break broadwalk brow byway centre(?:way)?
    circuit circlet circus colonnade concourse copse courtyard cutting deviation elbow entrance esplanade
    fairway firetrail footway foreshore frontage gate glade grange ground hill hub interchange intersection
    key lees line link lower mead mew nook outlook pocket promenade quad quadrangle quays? reach retreat
    ring rise rotary round siding slope steps strip subway tarn thoroughfare tollway tor towers triangle
    turn vale view wade waters waterway wharf wynd yard the an? of on off down up minutes? mins? miles?
    blocks? km hours? days? weeks? in at from to away people am pm stars? nights? more other different and
    or with for"""
)
NUMBER_FIRST_STREETS = either(
    r"rue avenue av\.? boulevard bd place chemin allée impasse quai route cours square passage ruelle sentier"
)
NAME_LAST_STREETS = either(
    r"""[Rr]ua [Tt]ravessa [Pp]raça [Aa]lameda [Ee]strada [Rr]odovia [Cc]alle [Cc]/ [Aa]venida [Aa]vda\.? [Pp]aseo
    [Cc]amino [Cc]arrera [Cc]arretera [Rr]onda [Tt]ravesía [Vv]ía [Pp]asaje [Gg]lorieta [Rr]ambla
    [Cc]allejón [Cc]alzada [Pp]rolongación [Pp]rivada [Cc]ircuito [Cc]errada [Aa]ndador [Uu]rbanización
    [Vv]iale [Pp]iazza [Pp]iazzale [Cc]orso [Vv]icolo [Ss]trada [Bb]orgo [Cc]ontrada [Ll]ungomare [Rr]otonda
    [Uu]lica [Uu]l\. [Aa]leja [Aa]l\. [Pp]lac [Pp]l\. [Oo]siedle [Oo]s\. [Rr]ue [Aa]venue [Bb]oulevard
    [Cc]hemin [Aa]llée [Ii]mpasse [Qq]uai [Rr]uelle [Ss]entier [Aa]v\.? Via Largo Plaza Place Route Square
    Passage Cours Canale Incrocio Stretto Vial Acceso Cuesta Quinta Beco Sítio Am Im Zum Zur Alte[rn]? Lange
    Große Kleine [Vv]iela Vila R\. Lg\. Tr\. Pr\. Estr\. Bc\. Azinhaga Calçada Esplanada Distrito Vale Lago
    Lagoa Colônia Condomínio Conjunto Fazenda Jardim Ladeira Loteamento Parque Pátio Praia Quadra Recanto
    Residencial Setor Trecho Trevo Vereda [Vv]iaduto [Pp]eriférico [Vv]iaducto Eje\svial [Cc]ontinuación
    [Dd]iagonal [Cc]orredor [Cc]ircunvalación [Rr]etorno [Pp]eatonal"""
)
"""Kinds of streets that stand before the street's name and its number; such as are words too need a capital."""
COMPOUND_STREETS = either(
    r"""stra(?:ß|ss)e str\. gasse platz allee damm ufer straat laan plein gracht kade boulevard singel dijk steeg
    dreef plantsoen gatan vägen gränd torget stigen vej gade veien katu"""
)
CAPITAL_COMPOUND_STREETS = either("weg väg gata str hof ring stræde tori")
NO_RING = either("During Spring Bring String Offering Ordering Metering Answering Considering Remembering")
UNITS = either(
    r"""level lot apt apartment suite unit flat studio room floor box apto bloco piso puerta appartement etage stock
    lokal interno scala piano edificio edif depto interior int bus"""
)
PARTICLES = either(
    """d[aeiou]s? d[eo]l dell[aeo] degli d['’] l[ae]s? los el van von der den het the of and y e et na im am
    zu[mr]? an sur sous"""
)
SENTENCE_STARTS = either(
    """I I'm My What Where When Why Who How Which Is Are Am Can Could Would Will Do Does Did Have Has Please Thanks
    Thank That This There The It It's Yes No Ok Okay Hi Hello Hey You Your We Our And But So Help Also Oh
    Well Sure Great Good"""
)
"""Words that begin the next sentence where somebody forgot a full stop."""

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
