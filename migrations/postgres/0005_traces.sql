-- What a job, and the event that tells of its end, were caused by: a W3C trace context.
ALTER TABLE jobs ADD COLUMN trace TEXT;
ALTER TABLE webhooks ADD COLUMN trace TEXT;
