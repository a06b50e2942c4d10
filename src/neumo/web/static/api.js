/** API client (fetch). Every failure is an `ApiError` whose `message` can be shown as it is. */

/** A request that failed. */
export class ApiError extends Error {
  /**
   * @param {{status: number, code: string, detail?: string, [member: string]: any}} problem RFC 9457 body; `offline` and status 0 where the
   *   server was not reached
   */
  constructor(problem) {
    const values = (problem.errors ?? []).map((/** @type {{field: string, message: string}} */ error) => `${error.field}: ${error.message}.`);
    super([problem.detail || problem.title || problem.code, ...values].join(" "));
    this.problem = problem;
    this.code = problem.code;
    this.status = problem.status;
  }
}

/**
 * @typedef {object} Api
 * @property {(path: string, options?: {signal?: AbortSignal}) => Promise<any>} get JSON of a path
 * @property {(method: string, path: string, body?: any, options?: {headers?: Record<string, string>, signal?: AbortSignal}) => Promise<any>} send JSON in, JSON out
 * @property {(path: string, options?: {signal?: AbortSignal, body?: any}) => Promise<Response>} raw the response itself; a `body` is posted as JSON
 */

/**
 * Create a client.
 * @param {{token: () => string | undefined, onOffline: () => void, onLogin: () => void, offlineText: () => string}} hooks
 * @returns {Api}
 */
export function createApi({ token, onOffline, onLogin, offlineText }) {
  /** @param {string} path @param {RequestInit} options */
  async function ask(path, options) {
    let answer;
    try {
      answer = await fetch(path, { credentials: "same-origin", ...options });
    } catch (error) {
      if (/** @type {any} */ (error).name === "AbortError") throw error;
      onOffline();
      throw new ApiError({ status: 0, code: "offline", detail: offlineText() });
    }
    if (answer.ok) return answer;
    const error = new ApiError(await problemOf(answer));
    if (error.code === "not_logged_in" && path !== "/api/me") onLogin();
    throw error;
  }

  return {
    get: async (path, options = {}) => (await ask(path, { signal: options.signal })).json(),
    raw: (path, options = {}) => (options.body === undefined ? ask(path, { signal: options.signal }) : change("POST", path, options.body, options)),
    send: async (method, path, body, options = {}) => {
      const answer = await change(method, path, body, options);
      return answer.status === 204 ? null : answer.json();
    },
  };

  /** @param {string} method @param {string} path @param {any} body @param {{headers?: Record<string, string>, signal?: AbortSignal}} options */
  function change(method, path, body, options) {
    const form = body instanceof FormData;
    return ask(path, {
      method,
      signal: options.signal,
      headers: {
        "X-CSRF-Token": token() ?? "",
        "Accept-Language": document.documentElement.lang, // for what is refused before the server knows who asks
        ...(body === undefined || form ? {} : { "Content-Type": "application/json" }),
        ...options.headers,
      },
      body: body === undefined || form ? body : JSON.stringify(body),
    });
  }
}

/** @param {Response} answer */
async function problemOf(answer) {
  try {
    return { code: "internal", ...(await answer.json()), status: answer.status };
  } catch {
    return { status: answer.status, code: "internal", detail: `${answer.status} ${answer.statusText}` };
  }
}
