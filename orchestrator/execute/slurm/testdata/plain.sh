#!/bin/bash
#SBATCH --job-name=kizu-quick
#SBATCH --array=0-3
#SBATCH --nodes=1 --ntasks=1
#SBATCH --chdir="/home/me/my studies"
#SBATCH --output=/scratch/100%%/runs/logs/quick-1/slurm-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
trap '' USR1 # until the worker listens to it
exec /opt/kizu/bin/kizu worker '/home/me/my studies/it'\''s.yaml' --set 'seeds=[0, 1]' --devices cuda:0
