"""The currencies there are, by how many decimal places their amounts have."""

from typing import Final

WITH_TWO_PLACES: Final = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
    YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a table to read, not 1 code a line
)
"""The codes of ISO 4217 whose minor unit is a hundredth."""

WITH_OTHERS: Final = frozenset(
    """
    BHD BIF CLF CLP DJF GNF IQD ISK JOD JPY KMF KRW KWD LYD OMR PYG RWF TND UGX UYI UYW VND VUV XAF XAG XAU XBA
    XBB XBC XBD XDR XOF XPD XPF XPT XSU XTS XUA XXX
    """.split()  # noqa: SIM905
)
"""The codes of ISO 4217 with no, three or four decimal places, and those that are no money, as gold."""
