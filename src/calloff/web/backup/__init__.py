"""
Backup and restore of everything that a Calloff holds, the same on both engines.

A backup is the rows of every table in a form of no engine, one line of JSON each, compressed, then encrypted. The
native forms (VACUUM INTO, pg_dump) were weighed and left: they need a clear copy on the disk or a program of the
server's very version, neither restores onto the other engine, and a state hash has to read every row in a form of no
engine anyway. So the same lines are written, hashed, and hashed again after the restore. They are read in one read
transaction: one moment, while everybody works on.

Nothing is kept outside the database: uploaded files stand in it. Not in a backup are the keys (CALLOFF_SECRET_KEY, the
backup's own), whoever is signed in, and what the worker's pulse and the cache hold.
"""
