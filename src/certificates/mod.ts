/** certificates: which certificate a server shows; the owner's own, checked and kept; ACME; the warning before an end. */
export { acmeOrders } from './acme.ts'
export type { BroughtCertificate } from './brought.ts'
export { type Certificates, type CertificatesDeps, type CertificatesView, openCertificates } from './certificates.ts'
export type { CertificateWarning } from './expiry.ts'
export { AcmeSettings } from './kept.ts'
