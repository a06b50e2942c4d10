REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO neumo_app, neumo_retention, neumo_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO neumo_app, neumo_retention, neumo_auditor;
GRANT INSERT ON subjects, readings, views, restatements, answer_searches, commissionings, decisions, audit_log, worklist, patient_words TO neumo_app, neumo_retention;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO neumo_app, neumo_retention;
GRANT UPDATE ON worklist TO neumo_app, neumo_retention;
GRANT UPDATE (body) ON readings TO neumo_retention;
GRANT DELETE ON patient_words TO neumo_retention;
GRANT INSERT ON purged_files TO neumo_retention;
