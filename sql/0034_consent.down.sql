-- Nobody knows any more what customers have agreed to, and who is not to be contacted.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.do_not_contact, app.consents, app.consent_events, app.consent_notice_texts, app.consent_notices;
