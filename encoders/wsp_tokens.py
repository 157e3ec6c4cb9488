"""Assigned numbers of WSP (WAP-230 appendix A and the OMNA registers that continue it). Data only."""

# fmt: off

PDU_TYPE_PUSH             = 0x06   # WAP-230 table 34

# Well-known parameters: WAP-230 table 38; SEC and MAC belong to encoding version 1.4
PARAMETER_Q               = 0x00   # the one parameter whose value is a bare uintvar (clause 8.4.2.3)
PARAMETER_CHARSET         = 0x01
PARAMETER_SEC             = 0x11
PARAMETER_MAC             = 0x12

# Character sets: IANA MIBenum numbers, WAP-230 table 42
CHARSET_UTF_8             = 0x6A

CHARSETS = {
    "us-ascii":        0x03,
    "iso-8859-1":      0x04,
    "utf-8":           CHARSET_UTF_8,
    "iso-10646-ucs-2": 0x03E8,
    "utf-16":          0x03F7,
}

# Well-known header field names: WAP-230 table 39
HEADER_APPLICATION_ID     = 0x2F   # X-Wap-Application-Id
HEADER_CONTENT_URI        = 0x30   # X-Wap-Content-URI
HEADER_INITIATOR_URI      = 0x31   # X-Wap-Initiator-URI
HEADER_PUSH_FLAG          = 0x34   # Push-Flag

# Content types: WAP-230 table 40, from 40 on the OMNA register of WSP content types
MEDIA_TYPES = {
    "*/*":                                        0x00,
    "text/*":                                     0x01,
    "text/html":                                  0x02,
    "text/plain":                                 0x03,
    "text/x-hdml":                                0x04,
    "text/x-ttml":                                0x05,
    "text/x-vCalendar":                           0x06,
    "text/x-vCard":                               0x07,
    "text/vnd.wap.wml":                           0x08,
    "text/vnd.wap.wmlscript":                     0x09,
    "text/vnd.wap.wta-event":                     0x0A,
    "multipart/*":                                0x0B,
    "multipart/mixed":                            0x0C,
    "multipart/form-data":                        0x0D,
    "multipart/byteranges":                       0x0E,
    "multipart/alternative":                      0x0F,
    "application/*":                              0x10,
    "application/java-vm":                        0x11,
    "application/x-www-form-urlencoded":          0x12,
    "application/x-hdmlc":                        0x13,
    "application/vnd.wap.wmlc":                   0x14,
    "application/vnd.wap.wmlscriptc":             0x15,
    "application/vnd.wap.wta-eventc":             0x16,
    "application/vnd.wap.uaprof":                 0x17,
    "application/vnd.wap.wtls-ca-certificate":    0x18,
    "application/vnd.wap.wtls-user-certificate":  0x19,
    "application/x-x509-ca-cert":                 0x1A,
    "application/x-x509-user-cert":               0x1B,
    "image/*":                                    0x1C,
    "image/gif":                                  0x1D,
    "image/jpeg":                                 0x1E,
    "image/tiff":                                 0x1F,
    "image/png":                                  0x20,
    "image/vnd.wap.wbmp":                         0x21,
    "application/vnd.wap.multipart.*":            0x22,
    "application/vnd.wap.multipart.mixed":        0x23,
    "application/vnd.wap.multipart.form-data":    0x24,
    "application/vnd.wap.multipart.byteranges":   0x25,
    "application/vnd.wap.multipart.alternative":  0x26,
    "application/xml":                            0x27,
    "text/xml":                                   0x28,
    "application/vnd.wap.wbxml":                  0x29,
    "application/x-x968-cross-cert":              0x2A,
    "application/x-x968-ca-cert":                 0x2B,
    "application/x-x968-user-cert":               0x2C,
    "text/vnd.wap.si":                            0x2D,
    "application/vnd.wap.sic":                    0x2E,
    "text/vnd.wap.sl":                            0x2F,
    "application/vnd.wap.slc":                    0x30,
    "text/vnd.wap.co":                            0x31,
    "application/vnd.wap.coc":                    0x32,
    "application/vnd.wap.multipart.related":      0x33,
    "application/vnd.wap.sia":                    0x34,
    "text/vnd.wap.connectivity-xml":              0x35,
    "application/vnd.wap.connectivity-wbxml":     0x36,
    "application/pkcs7-mime":                     0x37,
    "application/vnd.wap.hashed-certificate":     0x38,
    "application/vnd.wap.signed-certificate":     0x39,
    "application/vnd.wap.cert-response":          0x3A,
    "application/xhtml+xml":                      0x3B,
    "application/wml+xml":                        0x3C,
    "text/css":                                   0x3D,
    "application/vnd.wap.mms-message":            0x3E,
    "application/vnd.wap.rollover-certificate":   0x3F,
    "application/vnd.wap.locc+wbxml":             0x40,
    "application/vnd.wap.loc+xml":                0x41,
    "application/vnd.syncml.dm+wbxml":            0x42,
    "application/vnd.syncml.dm+xml":              0x43,
    "application/vnd.syncml.notification":        0x44,
    "application/vnd.wap.xhtml+xml":              0x45,
    "application/vnd.wv.csp.cir":                 0x46,
    "application/vnd.oma.dd+xml":                 0x47,
    "application/vnd.oma.drm.message":            0x48,
    "application/vnd.oma.drm.content":            0x49,
    "application/vnd.oma.drm.rights+xml":         0x4A,
    "application/vnd.oma.drm.rights+wbxml":       0x4B,
    "application/vnd.wv.csp+xml":                 0x4C,
    "application/vnd.wv.csp+wbxml":               0x4D,
    "application/vnd.syncml.ds.notification":     0x4E,
}

# fmt: on

MEDIA_TYPE_NAMES = {number: name for name, number in MEDIA_TYPES.items()}
