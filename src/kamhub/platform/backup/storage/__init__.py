"""Where backups are kept: a folder, or objects on an S3-compatible service, behind one port."""
