"""Postal addresses in many forms, none of a data set or a generator; and words with numbers that are none."""

import pytest

from bot.redaction.redactor import redact
from bot.redaction.values import Kind

HIDDEN = [
    "It is Kossuth Lajos utca 12. Bye",
    "Please use Rákóczi út 5/B, 1088 Budapest for that.",
    "It is Mannerheimintie 12 A 5, 00100 Helsinki. Bye",
    "It is Koivukuja 3 B 12 00550 Helsinki. Bye",
    "It is Dlouhá 12, 110 00 Praha 1. Bye",
    "Please use náměstí Míru 5, 602 00 Brno for that.",
    "It is Lidická 123/5 60200 Brno. Bye",
    "It is ul. Kwiatowa 5/7 m. 3, 00-950 Warszawa. Bye",
    "It is Štúrova 4 811 02 Bratislava. Bye",
    "It is Prešernova cesta 12, 1000 Ljubljana. Bye",
    "It is Trg republike 3. Bye",
    "It is Ulica kralja Zvonimira 12, 10000 Zagreb. Bye",
    "It is Ilica 12, 10000 Zagreb. Bye",
    "It is Strada Mihai Eminescu nr. 12, bl. A3, sc. B, ap. 4, București. Bye",
    "It is Bulevardul Unirii 12, sector 3, 030823 București. Bye",
    "It is Calea Victoriei nr. 5. Bye",
    "It is Jalan Merdeka No. 12, Bandung, Jawa Barat 40111. Bye",
    "It is Jl. Kenanga Raya No.5 RT 05/RW 02, Depok 16424. Bye",
    "It is Gang Melati 3, Kota Bogor. Bye",
    "It is Jl. Sudirman Kav. 52, Jakarta Selatan 12190. Bye",
    "It is 1234 Mabini Street, Barangay San Jose, Makati City, 1210 Metro Manila. Bye",
    "It is Unit 5B, 12th Floor, Acacia Tower, 15 Narra Street, Pasig. Bye",
    "It is Block 5 Lot 12 Sampaguita Street, Green Village, Cainta, 1900 Rizal. Bye",
    "It is Vilniaus g. 12, Kaunas. Bye",
    "It is Gedimino pr. 5-12, LT-01103 Vilnius. Bye",
    "It is Brīvības iela 12, Rīga, LV-1010. Bye",
    "It is Atatürk Caddesi No: 5 D: 3, 34000 İstanbul. Bye",
    "It is Calle 12 # 34-56, Bogotá. Bye",
    "It is 12, rue Sainte-Catherine, Montréal (QC) H3B 1A7. Bye",
    "I live at Obere Gasse 12, 5000 Aarau. Bye",
    "Send it to Dunajska 5, Kamnik. Bye",
    "Send it to Balai Desa 12, Cianjur. Bye",
    "It is Na Příkopě 12, Praha. Bye",
    "It is 17. listopadu 5, Olomouc. Bye",
]
KEPT = [
    "I want 2 pairs of Boots and 3 Red Shirts, size 12.",
    "I am at Terminal 5, Gate 12 now.",
    "Room 204 is cold. Room 204, Floor 2 please.",
    "My Galaxy S21 and iPhone 12 Pro broke.",
    "My Galaxy 21 and Pixel 8 broke. Windows 11, Xbox 360.",
    "Flight LH 454 to Paris on June 5, 2024. Flight 454 Paris 2024.",
    "On May 5, 2024 I bought it. See Chapter 3, Page 12, Figure 4.",
    "Boeing 747, Symphony No. 9, Order No. 5, Item No. 12, Chanel No. 5",
    "Table 4 for 2 Adults, 1 Child at 7 PM",
    "Error Code 500, Step 3, Line 12, Section 4.2",
    "I want 3 nights at the Shadyside Hotel on Monday 5",
    "Call me on Monday. 2 Big Macs, 1 Coke",
    "Harry Potter 7 and Iron Man 2 are nice, Formula 1 too",
    "Bestellung Nr. 12, Größe 42, Tisch 4, Gleis 7",
    "Pedido N° 123, Vuelo N° 454, Habitación 204",
    "Commande N° 55 et Facture n° 12, Vol 12",
    "Group A 12, Class B 3, Zone 5",
    "1 Uber Ride to Swartz Street from the airport",
    "I live in Berlin. I moved to New York.",
    "The iPad 5, ThinkPad 13, Notepad 2 and Instant Pot 6",
    "From Los Angeles 2 people on June 12, to Las Vegas 3 people",
    "Can you deliver 12 boxes to 3 stores?",
    "Nexus Drive 12 GB, Apple Watch 7, Nike Air Max 90 and Adidas 42",
    "Plan B 2. Part 1, Act 2, Scene 3, Psalm 23, John 3:16",
    "Leave at 10, Paris 5 stars, Hotel Ritz 3 nights",
    "I have 2 Cats, 1 Dog",
    "5 Star Hotel please, 24 Hour Fitness Center",
    "Bus 12, Train 5, Track 9, Highway 66, Exit 12B",
    "Julia 5, Amelia 3, Australia 2, Maria 2",
    "USB 3 Type C 100 W cable, HDMI 2, Bluetooth 5",
    "Cart 2 Items, Subtotal 40, Shipping 5",
    "Garantie 2 Jahre, Partie 3, Sortie 12",
    "The meeting is in Conference Room 5, Floor 3, Building 7.",
    "PS 5, Nintendo Switch 2, Galaxy Note 10 Plus",
    "Route 66 sounds nice. Level 3 support, Tier 2",
    "Let me know by Friday, March 5, 2025. It cost 20 Euros",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_whole_address_is_hidden_and_nothing_beside_it(text: str) -> None:
    frames = {"It is [ADDRESS_1]. Bye", "Please use [ADDRESS_1] for that."}
    frames |= {"I live at [ADDRESS_1]. Bye", "Send it to [ADDRESS_1]. Bye"}
    assert redact([text]).texts[0] in frames


@pytest.mark.parametrize("text", KEPT)
def test_words_with_numbers_are_no_addresses(text: str) -> None:
    assert Kind.ADDRESS not in redact([text]).counts


def test_what_is_said_to_be_an_address_needs_no_number() -> None:
    assert redact(["My address is Villa Rosa, Lugano. Bye"]).texts == ("My address is [ADDRESS_1]. Bye",)
    assert redact(["I live in Berlin."]).texts == ("I live in Berlin.",)


def test_postcode_with_a_countrys_letters_is_no_order_number() -> None:
    assert redact(["Gedimino pr. 5-12, LT-01103 Vilnius"]).texts == ("[ADDRESS_1]",)
