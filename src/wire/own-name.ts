/** The name under which a server of ours can always be asked for its own certificate. */

/**
 * Stands in every leaf that a server issues for itself under its own authority. Who trusts that authority alone, as the Platform does
 * with a Runtime's, sends it as the server name, and so meets that leaf whatever certificate the owner shows to everybody else.
 * `.internal` is reserved for private use: nobody can be given it by a public authority.
 */
export const OWN_SERVER_NAME = 'own.sluice.internal'
