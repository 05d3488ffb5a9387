-- Whether the worker holds a lock of the database for as long as it lives: when nobody holds it, the worker has ended,
-- and nobody needs to wait for it to fall silent. Workers of older code hold none.
ALTER TABLE job_workers ADD COLUMN tied boolean NOT NULL DEFAULT false;
