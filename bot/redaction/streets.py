"""Words by which postal addresses are known, in languages that are written with Latin letters; no pattern.

English street words are those of Publication 28 of the United States Postal Service, appendix C, and of Australian
Standard 4590; the others are general knowledge. Which place they stand in is what counts: before the name, behind it,
or at its end.
"""

from bot.redaction.words import either, listed

STREETS = listed(
    """access amble anchorage approach artery basin boardwalk brace break broadwalk brow byway centre centreway
    circuit circlet circus colonnade concourse copse courtyard cutting deviation elbow entrance esplanade fairway
    firetrail footway foreshore frontage gate glade grange ground hill hub interchange intersection key lees line
    link lower mead mew nook outlook pocket promenade quad quadrangle quay quays reach retreat ring rise rotary
    round siding slope steps strip subway tarn thoroughfare tollway tor towers triangle turn vale view wade waters
    waterway wharf wynd yard alley allée allee annex arcade avenue ave bayou beach bend bluff bluffs bottom
    boulevard blvd branch bridge brook brooks burg burgs bypass camp canyon cape causeway center centers circle
    circles cir cliff cliffs close club common corner corners course court courts ct cove coves creek crescent
    crest crossing crossroad curve dale dam divide drive drives dr estate estates expressway extension extensions
    fall falls ferry field fields flat flats ford fords forest forge forges fork forks fort freeway garden gardens
    gateway glen glens green greens grove groves harbor harbors harbour harbours haven heights highway hwy hills
    hollow inlet island islands isle junction junctions keys knoll knolls lake lakes land landing lane lanes ln
    light lights loaf lock locks lodge loop mall manor manors meadow meadows mews mill mills mission motorway
    mount mounts mountain mountains neck nagar orchard oval overpass parade park parks parkway parkways pass
    passage path pike pine pines place places plain plains plaza point points port ports prairie radial ramp ranch
    rapid rapids rest ridge ridges river road roads rd route row rue run shoal shoals shore shores skyway spring
    springs spur spurs square squares sq station stravenue stream street streets st summit terrace throughway
    trace track trafficway trail tunnel turnpike underpass union unions valley valleys viaduct views village
    villages ville vista walk walks wall way ways well wells chowk marg ganj zila driveway gully alleyway gates
    ronde cul-de-sac"""
)
CAPITAL_STREETS = listed(
    """Gap Sound Ride Lookout Strand Plateau Paseo Dell Dene Drift Fold Garth Hatch Leys Ranch Spur"""
)
USUAL_STREETS = listed("""street st road rd avenue ave lane ln drive boulevard blvd terrace crescent parkway highway""")
NO_STREETS = listed(
    """access amble anchorage approach artery basin boardwalk brace break broadwalk brow byway centre centreway
    circuit circlet circus colonnade concourse copse courtyard cutting deviation elbow entrance esplanade fairway
    firetrail footway foreshore frontage gate glade grange ground hill hub interchange intersection key lees line
    link lower mead mew nook outlook pocket promenade quad quadrangle quay quays reach retreat ring rise rotary
    round siding slope steps strip subway tarn thoroughfare tollway tor towers triangle turn vale view wade waters
    waterway wharf wynd yard the a an of on off down up minute minutes min mins mile miles block blocks km hour
    hours day days week weeks in at from to away people am pm star stars night nights more other different and or
    with for"""
)
NUMBER_FIRST_STREETS = listed(
    """rue avenue av av. boulevard bd place chemin allé allée alle allee impasse quai route cours square passage
    ruelle sentier rang montée montee côte cote promenade terrasse croissant calle avenida via viale rua"""
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
STREETS_BEFORE = listed(
    """ulica ulice ul. náměstí nám. námestie nábřeží nábr. nábrežie třída tř. trieda cesta sídliště sídl. sídlisko
    trg šetalište obala prilaz naselje bulevar bul. strada str. bulevardul b-dul bd. bdul calea șoseaua şoseaua
    soseaua șos. şos. sos. aleea intrarea intr. piața piaţa piata splaiul drumul fundătura prelungirea jalan jln.
    jln jl. jl gg. lorong kampung kompleks perumahan komplek perum dusun barangay brgy. brgy purok sitio calle
    avenida av. avda. avda avd. blv. blvr. blvd. bv. boulevard diag. psje. pje. pasaje transversal transv.
    autopista carrera cra. kra. prol. callejón manzana mz. supermanzana urb. cañada ampliación chácara aeroporto
    via viale rondo aleja osiedle bulwar skwer sokak pasadizo favela estação núcleo passarela morro campo feira
    área"""
)
"""More kinds that stand before the name, whatever their case."""
CAPITAL_STREETS_BEFORE = listed(
    """Gang Lorong Put Cl. Cr. Kr. Tr. Tv. Dg. C. Camino Ruta Vereda Rang Côte Montée Cesta Pot Nad Pod Na Za"""
)
"""Kinds that stand before the name, which are other words too or too short; and what Czech streets begin with."""
STREETS_AFTER = listed(
    """utca utcája u. út útja tér tere köz körút körútja krt. körtér sétány sor dűlő fasor rakpart liget lépcső ulica
    ul. cesta c. trg naselje drevored gatvė gatve g. prospektas pr. alėja al. plentas pl. aikštė a. skersgatvis
    skg. takas tak. kelias kel. krantinė iela bulvāris tänav mnt. maantee pst. puiestee sokak sokağı sk. sok.
    cadde caddesi cad. cd. bulvarı mahallesi mah. náměstí námestie nábřeží nábrežie třída trieda straße strasse
    str. allee gasse platz weg gate gata vei veien veg vegen väg vägen vej allé plass plads torv torg stræde katu
    kuja polku kaari boulevard avenue street road lane"""
)
"""Kinds that stand behind the name and before the number."""
COMPOUND_STREETS = either(
    r"""stra(?:ß|ss)e str\. gasse platz allee damm ufer straat laan plein gracht kade boulevard singel dijk steeg
    dreef plantsoen gatan vägen gränd torget stigen vej gade veien katu"""
)
CAPITAL_COMPOUND_STREETS = either(
    r"""weg väg gata gaten str hof ring stræde tori vegen vei veg alléen jordet bakken kroken løkka myra holtet
    slia åsen
    svingen ringen flata stykket gjerdet lunden havna grenda kollen roa haugen tunet marka toppen stubben skogen moen
    engen dalen neset viken vika bråten teigen kleiva stranda sletta vollen høgda spranget ekra lyngen baan pad
    hoek singel laantje straatje
    (?<=[aouyiäöen])tie kuja polku kaari raitti rinne mäki aukio väylä penger ranta puisto kulma harju niitty kallio
    rantatie backen leden höjden vænget vangen parken toften marken højen krogen svinget stien tänav steig stieg zeile
    kai markt promenade graben"""
)
"""Ends of streets' names that other words have too: these need a capital."""
MONTHS = listed(
    """ledna února března dubna května června července srpna září října listopadu prosince januára februára marca
    apríla mája júna júla augusta septembra októbra novembra decembra siječnja veljače ožujka travnja svibnja
    lipnja srpnja kolovoza rujna listopada studenoga prosinca maja maj lutego stycznia czerwca sierpnia"""
)
"""Of days that streets are called after."""
NO_COUNTED = listed(
    """Hour Hours Star Stars Day Days Night Nights Week Weeks Month Months Year Years Piece Pieces Pack Packs Person
    Minute Minutes Item Items Ticket Tickets Guest Guests Adult Adults Way Door People Child Children"""
)
"""What is counted, not lived at."""
REGIONS = listed(
    """región region provincia province estado county județul judeţul judetul jud. kabupaten kab. kota kraj okres
    megye metro"""
)
"""Kinds of regions that are written behind a town."""
SLAVIC_ENDS = either("ova eva ská cká [kvnhl]á [nčžšťď]í ého ých ích ské cké skog čkog skega ega skaja iu")
"""Ends of Slavic adjectives, which are whole names of streets."""
NO_COMPOUND = either(
    """During Spring Bring String Offering Ordering Metering Answering Considering Remembering Moldova Casanova
    I[Pp]ad Think[Pp]ad Note[Pp]ad Key[Pp]ad Game[Pp]ad Touch[Pp]ad Launch[Pp]ad Track[Pp]ad Media[Mm]arkt Super[Mm]arkt
    Cutie Sweetie Auntie Garantie Partie Sortie Vega Omega"""
)
NO_HEADS = listed(
    """Terminal Gate Flight Room Seat Table Platform Track Order Model Version Windows Galaxy IPhone iPhone Chapter
    Page Bus Line Size Level Episode Season Formula Area Group Team Phase Step Option Section Item Question Number
    Part Day Week Month Year Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April
    May June July August September October November December Boeing Airbus Train Zone Code Class Grade Symphony
    Opus Invoice Ticket Booking Product Serial Ref Reference Case Pedido Factura Vuelo Commande Facture Vol
    Rechnung Bestellung Flug Tisch Zimmer Gleis Seite Größe Nummer Número Numéro Talla Taille Habitación Mesa
    Puerta Paso Étape Página Versión Hotel Playstation PlayStation Xbox Pixel Note Pack Box Lot Set Series Type
    Figure Visa Mastercard Highway Exit"""
)
"""Words with a number behind them that are no streets."""
UNITS = listed(
    """level lot apt apts apartment apartamento apto appartement appartamento suite ste unit flat studio room floor
    box bloco piso puerta etage stock lokal interno scala piano edificio edif dept depts depto deptos dpto dto
    interior int bus local of oficina bodega torre casa etapa manzana bl bloc sc scara et etaj ap sector rd rt rw
    kav blok block blk phase ph barangay brgy purok byt vchod patro čp č.p fszt fs em emelet ajtó ajto kerület as
    krs kat daire d no kel kec bâtiment bât bat esc escalier étage porte pt door tower bldg building km posta
    pošta oddelek tür stiege top haus hus m lok mieszkania klatka trappa lgh leilighet andar sala lote conj"""
)
"""What stands before a number within a house."""
STRONG_UNITS = listed(
    """apt apartment apto suite flat depto dpto dto apartamento appartement appartamento piso étage byt kav ap lgh
    ajtó"""
)
"""Units that nothing else has."""
FLOORS = either(r"floor fl\.? emelet em\.? ajt[óo] patro poschodie poschodí piętro étage etage og stock piso krs andar")
"""What stands behind the number of a floor or a door."""
PARTICLES = either(
    """d[aeiou]s? d[eo]l dell[aeo] degli d['’] l[ae]s? los el van von der den het the of and y e et na im am
    zu[mr]? an sur sous en op ten ter aan nad pod pri při v u za kod i și do lui cel pie di bei ob in"""
)
SENTENCE_STARTS = listed(
    """I I'm I'd I'll I've My What What's Where When Why Who How Which Is Are Am Can Could Would Will Do Does Did
    Have Has Had Please Thanks Thank That That's This There The It It's Yes No Nope Ok OK Okay Hi Hello Hey You
    Your We Our And But So Help Also Oh Well Sure Great Good Yeah Perfect Just Let Let's Try Alright Any At If In
    For From Now Not Maybe Actually Sorry Wait Hmm Then They He She His Her Their Dear Goodbye Bye Find Book Need
    Want Looking Send Call Tell Show Give Get Go Check Awesome Wow Cool Nice Monday Tuesday Wednesday Thursday
    Friday Saturday Sunday Today Tomorrow Kind Best Regards Cheers Ja Nein Oui Non Sí Danke Merci Gracias Grazie
    Bonjour Hallo Hola Ciao"""
)
"""Words that begin the next sentence where somebody forgot a full stop."""
GOES_ON = listed(
    """for on and please is by thanks right asap but or so though today tomorrow instead now that which yes no ok
    okay can what how hello hi my"""
)
"""English words that go on behind an address without a comma."""
