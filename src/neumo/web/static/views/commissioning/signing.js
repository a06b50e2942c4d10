/** Signs in the browser (Web Crypto, Ed25519), so that a private key never leaves the machine. */

const PEM = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;

/** A key that cannot sign here; `why` is "encrypted", "none" or "browser". */
export class KeyUnusable extends Error {
  /** @param {"encrypted" | "none" | "browser"} why */
  constructor(why) {
    super(why);
    this.why = why;
  }
}

/**
 * Sign a text with a key of `neumo bundle keygen`.
 * @param {Blob} file PKCS#8 in PEM, without a passphrase
 * @param {string} text
 * @returns {Promise<{key: string, signature: string}>} public key and signature in base64
 */
export async function signedWith(file, text) {
  const pem = await file.text();
  if (pem.includes("ENCRYPTED")) throw new KeyUnusable("encrypted");
  const found = PEM.exec(pem);
  if (!found) throw new KeyUnusable("none");
  if (!globalThis.crypto?.subtle) throw new KeyUnusable("browser");
  const key = await imported(Uint8Array.from(atob(found[1].replace(/\s/g, "")), (letter) => letter.charCodeAt(0)));
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const signature = await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(text));
  return { key: String(x).replace(/-/g, "+").replace(/_/g, "/").padEnd(44, "="), signature: btoa(String.fromCharCode(...new Uint8Array(signature))) };
}

/** @param {Uint8Array<ArrayBuffer>} der */
async function imported(der) {
  try {
    return await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
  } catch (error) {
    throw new KeyUnusable(/** @type {Error} */ (error).name === "NotSupportedError" ? "browser" : "none");
  }
}
