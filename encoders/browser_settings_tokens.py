"""Tokens of the Nokia/Ericsson Over The Air Settings 7.0 (DSS00234-EN): 57 entries on one code page. Data only."""

PUBLIC_ID = 0x01
"""WAP-192 clause 7.2: "unknown or missing"; the document type never got a number or a name of its own."""
SYSTEM_ID = "characteristic-list.dtd"

# fmt: off
TAGS: tuple[tuple[int, int, str], ...] = (
    # page, token, element
    (0, 0x05, "CHARACTERISTIC-LIST"),
    (0, 0x06, "CHARACTERISTIC"),
    (0, 0x07, "PARM"),
)

ATTRIBUTE_STARTS: tuple[tuple[int, int, str, str], ...] = (
    # page, token, attribute, its value ("" leaves the whole value to what follows)
    (0, 0x06, "TYPE",  "ADDRESS"),
    (0, 0x07, "TYPE",  "URL"),
    (0, 0x08, "TYPE",  "NAME"),
    (0, 0x10, "NAME",  ""),
    (0, 0x11, "VALUE", ""),
    (0, 0x12, "NAME",  "BEARER"),
    (0, 0x13, "NAME",  "PROXY"),
    (0, 0x14, "NAME",  "PORT"),
    (0, 0x15, "NAME",  "NAME"),
    (0, 0x16, "NAME",  "PROXY_TYPE"),
    (0, 0x17, "NAME",  "URL"),
    (0, 0x18, "NAME",  "PROXY_AUTHNAME"),
    (0, 0x19, "NAME",  "PROXY_AUTHSECRET"),
    (0, 0x1A, "NAME",  "SMS_SMSC_ADDRESS"),
    (0, 0x1B, "NAME",  "USSD_SERVICE_CODE"),
    (0, 0x1C, "NAME",  "GPRS_ACCESSPOINTNAME"),
    (0, 0x1D, "NAME",  "PPP_LOGINTYPE"),
    (0, 0x1E, "NAME",  "PROXY_LOGINTYPE"),
    (0, 0x21, "NAME",  "CSD_DIALSTRING"),
    (0, 0x22, "NAME",  "PPP_AUTHTYPE"),
    (0, 0x23, "NAME",  "PPP_AUTHNAME"),
    (0, 0x24, "NAME",  "PPP_AUTHSECRET"),
    (0, 0x28, "NAME",  "CSD_CALLTYPE"),
    (0, 0x29, "NAME",  "CSD_CALLSPEED"),
    (0, 0x45, "VALUE", "GSM/CSD"),
    (0, 0x46, "VALUE", "GSM/SMS"),
    (0, 0x47, "VALUE", "GSM/USSD"),
    (0, 0x48, "VALUE", "IS-136/CSD"),
    (0, 0x49, "VALUE", "GPRS"),
    (0, 0x60, "VALUE", "9200"),
    (0, 0x61, "VALUE", "9201"),
    (0, 0x62, "VALUE", "9202"),
    (0, 0x63, "VALUE", "9203"),
    (0, 0x64, "VALUE", "AUTOMATIC"),
    (0, 0x65, "VALUE", "MANUAL"),
    (0, 0x6A, "VALUE", "AUTO"),
    (0, 0x6B, "VALUE", "9600"),
    (0, 0x6C, "VALUE", "14400"),
    (0, 0x6D, "VALUE", "19200"),
    (0, 0x6E, "VALUE", "28800"),
    (0, 0x6F, "VALUE", "38400"),
    (0, 0x70, "VALUE", "PAP"),
    (0, 0x71, "VALUE", "CHAP"),
    (0, 0x72, "VALUE", "ANALOGUE"),
    (0, 0x73, "VALUE", "ISDN"),
    (0, 0x74, "VALUE", "43200"),
    (0, 0x75, "VALUE", "57600"),
    (0, 0x76, "VALUE", "MSISDN_NO"),
    (0, 0x77, "VALUE", "IPV4"),
    (0, 0x78, "VALUE", "MS_CHAP"),
    (0, 0x7C, "TYPE",  "MMSURL"),
    (0, 0x7D, "TYPE",  "ID"),
    (0, 0x7E, "NAME",  "ISP_NAME"),
    (0, 0x7F, "TYPE",  "BOOKMARK"),
)
# fmt: on
