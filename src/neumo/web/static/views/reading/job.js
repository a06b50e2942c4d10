/** Following a job on the server by its events. */

/**
 * Follow a job to its end.
 * @param {string} id
 * @param {(files: any[]) => void} changed given the files that changed
 * @param {() => void} lost called where the job is gone, as after a restart of the server
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
    // The browser connects again by itself, unless the server answered that there is no such job.
    if (source.readyState === EventSource.CLOSED) lost();
  });
}
