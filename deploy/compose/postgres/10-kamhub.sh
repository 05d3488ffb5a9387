#!/bin/sh
# Run once by the image, when its volume is empty.
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
  --set admin_password="$POSTGRES_ADMIN_PASSWORD" --set app_password="$POSTGRES_APP_PASSWORD" \
  --file /etc/kamhub/kamhub.sql
