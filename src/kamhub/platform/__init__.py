"""What every service for organisations needs: settings, database, people and tokens, jobs, mail, web plumbing."""
