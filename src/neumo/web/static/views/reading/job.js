/** Server-sent events of a background job. */

/**
 * Listen to a job's events to its end.
 * @param {string} id
 * @param {(files: any[]) => void} changed called with the files that changed
 * @param {() => void} lost called where the job does not exist any more, as after a restart of the server
 */
export function followJob(id, changed, lost) {
  const source = new EventSource(`/api/jobs/${id}/events`);
  source.addEventListener("job", (event) => changed(JSON.parse(event.data).files));
  source.addEventListener("file", (event) => changed([JSON.parse(event.data)]));
  source.addEventListener("end", (event) => {
    source.close();
    changed(JSON.parse(event.data).files);
  });
  source.addEventListener("error", () => {
    // The browser reconnects by itself, unless the server answered 404.
    if (source.readyState === EventSource.CLOSED) lost();
  });
}
