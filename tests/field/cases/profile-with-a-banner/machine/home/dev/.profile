echo "*** Welcome, dev ***"
sleep 1d &
read answer
