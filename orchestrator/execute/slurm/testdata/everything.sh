#!/bin/bash
#SBATCH --job-name=kizu-quick
#SBATCH --array=0-3
#SBATCH --nodes=1 --ntasks=1
#SBATCH --partition=gpu
#SBATCH --account=lab
#SBATCH --qos=normal
#SBATCH --time=1-12:00:00
#SBATCH --gres=gpu:a100:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --constraint=a100|h100
#SBATCH --chdir="/home/me/my studies"
#SBATCH --output=/scratch/100%%/runs/logs/quick-1/slurm-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@300
#SBATCH --mail-type=FAIL
#SBATCH --exclude=n7
trap '' USR1 # until the worker listens to it
module load cuda/12.4
export HF_HOME="$SCRATCH/hub"
exec /opt/kizu/bin/kizu worker '/home/me/my studies/it'\''s.yaml' --set 'seeds=[0, 1]' --devices cuda:0
