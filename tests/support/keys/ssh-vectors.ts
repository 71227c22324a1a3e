/** Keys that `ssh-keygen` made, with what it says of each; made for these tests and used nowhere else. */

export type SshVector = {
  title: string
  privateKey: string
  passphrase?: string
  publicKey: string
  fingerprint: string
}

export const sshVectors: readonly SshVector[] = [
  {
    title: 'Ed25519 as OpenSSH keeps it',
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDERtLTsBJd7LY34CXuoqjO4vq9UryzsZ3W3gbPdxhl8gAAAIiHMrkmhzK5
JgAAAAtzc2gtZWQyNTUxOQAAACDERtLTsBJd7LY34CXuoqjO4vq9UryzsZ3W3gbPdxhl8g
AAAECfjF48GfiqgctwIMInNf8hyEIshruqgfbNZcmJkfLoOcRG0tOwEl3stjfgJe6iqM7i
+r1SvLOxndbeBs93GGXyAAAAAWMBAgME
-----END OPENSSH PRIVATE KEY-----
`,
    publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMRG0tOwEl3stjfgJe6iqM7i+r1SvLOxndbeBs93GGXy',
    fingerprint: 'SHA256:Cd0kbrCZEiU3rKNmA4zmdTempAFWG5P9kZAC++ymaNI',
  },
  {
    title: 'Ed25519 with a passphrase',
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABA878K5Tg
9P9s+5S+THvDL5AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIEraxMICulVpSD98
XrlFQzTHfuwoaQWV4v8+4xnZ3VOwAAAAkKkB6Qf4NtM7zsrunwhTJSXoHblmkDyAW9OChO
DTZyk+ccx1dKZN3HO7yNIn2Kjy6eTftePIhumeejJ/aP2sgs5tsnaUvV6zdCgnW79trN4Q
5ljCvtAAR8CYUDLlorNULNsnLCq+C+zIvt3c+Q2RbRoVIIHG2vQOhOSusc4sfFtF7/k8tY
0nMCtk55JkvQYF7w==
-----END OPENSSH PRIVATE KEY-----
`,
    passphrase: 'open sesame',
    publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEraxMICulVpSD98XrlFQzTHfuwoaQWV4v8+4xnZ3VOw',
    fingerprint: 'SHA256:hJ2AvZcsf0H8HHqluPeP+WTdpWO6L/eh/X/z/0xdJrc',
  },
  {
    title: 'P-384 in PEM',
    privateKey: `-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDCKMlluKotmum6nuR0XKo0sTVTDVuLccK69ENTuYq4P5uI0rIdzri6B
gCjIq0SIVQKgBwYFK4EEACKhZANiAAQbT1iJfKVLET8pMURgdgzV4GCawWoX87ct
Hr5Dyt3aIHpFeHIou3R9lRiIOc74UmhROP+X+nDTpNLnkNwO5x9jHY2RfzPdiCbk
caCeYsNCHN8TdwWw/gXmfkcWn4RjHY0=
-----END EC PRIVATE KEY-----
`,
    publicKey:
      'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBBtPWIl8pUsRPykxRGB2DNXgYJrBahfzty0evkPK3dogekV4cii7dH2VGIg5zvhSaFE4/5f6cNOk0ueQ3A7nH2MdjZF/M92IJuRxoJ5iw0Ic3xN3BbD+BeZ+RxafhGMdjQ==',
    fingerprint: 'SHA256:YB6QoxQWP4L4de243u8gqhN5CvZUA3kM+sZmyftD7Oc',
  },
  {
    title: 'P-256 in PEM with a passphrase',
    privateKey: `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,6D19672BF8A0EA1041FA1FAE5C19E560

kzOnvJv86meiXPjHWYeb9kqnJEGVseFK0zF9gLoDXP/D/RvrNONYPL7kD3X7pwY2
8nv4IEmOjyOtjF3+LeS9SYH2RMgq2Ka2S4GorJ+rOXWWQy5v39xJ7EwCz5zy03cn
IV9/9dGQ4zVM9MgCNUpkX1r3LdRbGhNxVnXHqEwCbow=
-----END EC PRIVATE KEY-----
`,
    passphrase: 'open sesame',
    publicKey:
      'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHDhVc5iU9DVCUpqRudAXOdgBhzD4v7GTuKnfpSTARSoO9FA5HT98BT8c0yBJaQjaQ8caGS/e0iZCytnzWoFVaY=',
    fingerprint: 'SHA256:pAloyT7sjx2fK2JlzQ4rOAtKGZxPLWzExh0+a/EcxvU',
  },
]

/** RSA of 1,024 bits: too short to be taken. */
export const weakSshKey = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAlwAAAAdzc2gtcn
NhAAAAAwEAAQAAAIEAo+WUl767hP/3JrJE4VGutYaCX6g25UJLM8+7BN3OxDQVHD3pN5wh
K20nupH7xNe6kc5RAxpPKFLNFYu07M8i1aPdVg40qlaLkXmulNZRQExMwCGX/GhLQzYKSa
YpbFeIBiAz/jlfPq48xIJIfCEUHKAVfzMcVeyux4rXesltx18AAAH4/W8+dP1vPnQAAAAH
c3NoLXJzYQAAAIEAo+WUl767hP/3JrJE4VGutYaCX6g25UJLM8+7BN3OxDQVHD3pN5whK2
0nupH7xNe6kc5RAxpPKFLNFYu07M8i1aPdVg40qlaLkXmulNZRQExMwCGX/GhLQzYKSaYp
bFeIBiAz/jlfPq48xIJIfCEUHKAVfzMcVeyux4rXesltx18AAAADAQABAAAAgEONaMVys8
+JwNCOQZ2tERl4q1vJ9XZg8KYWRLsowQRVgy30xp9JFtLTVsCrUt47HIbkRrfErEOufSEY
SCYi6fQDjIPIVzO0rQM0U5ANE8la8LBDw/b7Olc3fioqlsE6pw3aeEdMtH28QXdfyoxJi5
mLH/NMvUBznaJ7Xl2nuBjhAAAAQAcTWNsPO8tw+yvFuH52tJjYEUch0wY7d0hCAlbYS+Ye
JNAPp3ZLXFLkXuRXfXnoambsgj2d7wSZYqq24vngOYUAAABBAM9JG1A518SdJYT4z9T1vM
fcDfDV6uSQo4umHmObhJnK73bK1nubCK/bvlcoMXQBGb+MdKE6SxvvSg0jPXtjMhsAAABB
AMpqFLYQ/7iNyufLczECvttsFCSptGri0nJF03SV5+EknQj1l3Mzhti+K5KjOpoLg412Xf
aaJ8UNX5vyjWMQdA0AAAABYwEC
-----END OPENSSH PRIVATE KEY-----
`
