"""ISO mdoc as issuer and holder need it (ISO/IEC 18013-5, OpenID4VP 1.0 App. B.2).

    cbor        bytes inside bytes, dates, and reading what others encoded
    cose        COSE_Sign1, COSE_Mac0, COSE_Key                    RFC 9052, RFC 9053
    credential  what the holder keeps: IssuerSigned, element by element
    issuing     what the issuer makes: items, digests, Mobile Security Object
    transcript  to what a presentation is bound                    OpenID4VP 1.0 B.2.6
    device      what is presented: DeviceResponse

Like the rest of the emulator it shares no code with the service.
"""
