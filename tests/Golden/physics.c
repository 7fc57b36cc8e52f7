/* Writes the golden physics in data/physics-*.json: what this project's environments are held to.
 *
 * Steps a model FILE of somebody else with the MuJoCo library and writes what came out. Nothing of this repository is
 * used: the model is Gymnasium's own (gymnasium/envs/mujoco/assets: hopper.xml, half_cheetah.xml, walker2d.xml), or
 * D4RL's ant (d4rl/locomotion/assets/ant.xml) with the blocks that its maze_env.py adds for U_MAZE_TEST and
 * BIG_MAZE_TEST at scale 4. Start and actions come from an integer hash (`word`), the same one as in generate.py.
 *
 * Needs Debian's libmujoco-dev. From this folder:
 *
 *     gcc -O1 physics.c -o ../../artifacts/physics -lmujoco -lm
 *     ../../artifacts/physics hopper path/to/hopper.xml > data/physics-hopper.json
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mujoco/mujoco.h>

enum { STEPS = 100 };

/* What the environments' documentation says: how they start, what they show, what they pay, when they end. */
typedef struct {
  const char *name;
  int stream, skip, hidden, shown_positions, shown_velocities;
  double velocity_limit, noise, alive, control_cost;
  double least_height, most_height, most_angle, most_state, force;
  int goal;
} Task;

static const Task tasks[] = {
  { "hopper", 71, 4, 1, 6, 6, 10, 5e-3, 1, 1e-3, 0.7, INFINITY, 0.2, 100, 1, 0 },
  { "halfcheetah", 72, 5, 1, 9, 9, INFINITY, 0.1, 0, 0.1, -INFINITY, INFINITY, INFINITY, INFINITY, 1, 0 },
  { "walker2d", 73, 4, 1, 9, 9, 10, 5e-3, 1, 1e-3, 0.8, 2.0, 1.0, INFINITY, 1, 0 },
  { "antmaze-umaze", 74, 5, 0, 15, 14, INFINITY, 0.1, 0, 0, -INFINITY, INFINITY, INFINITY, INFINITY, 30, 1 },
  { "antmaze-medium", 75, 5, 0, 15, 14, INFINITY, 0.1, 0, 0, -INFINITY, INFINITY, INFINITY, INFINITY, 30, 1 },
};

static uint32_t word(uint32_t stream, uint32_t index) {
  uint32_t x = index * 0x9E3779B1u + stream * 0x85EBCA77u;
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  return x ^ (x >> 16);
}

/* A multiple of 2^-23 in [-1, 1). */
static double uniform(uint32_t stream, uint32_t index) { return (word(stream, index) >> 8) / 8388608.0 - 1.0; }

static void row(const char *name, const double *values, int count, const char *after) {
  if (name) printf("\"%s\": ", name);
  printf("[");
  for (int i = 0; i < count; i++) printf("%s%.17g", i ? ", " : "", values[i]);
  printf("]%s", after);
}

static int observe(const Task *task, const mjData *data, double *out) {
  int n = 0;
  for (int i = task->hidden; i < task->shown_positions; i++) out[n++] = data->qpos[i];
  for (int i = 0; i < task->shown_velocities; i++)
    out[n++] = fmax(-task->velocity_limit, fmin(task->velocity_limit, data->qvel[i]));
  return n;
}

int main(int count, char **arguments) {
  const Task *task = NULL;
  for (size_t i = 0; count == 3 && i < sizeof tasks / sizeof *tasks; i++)
    if (!strcmp(tasks[i].name, arguments[1])) task = &tasks[i];
  if (!task) {
    fprintf(stderr, "usage: physics TASK MODEL.xml\n");
    return 2;
  }

  char error[1000];
  mjModel *model = mj_loadXML(arguments[2], NULL, error, sizeof error);
  if (!model) {
    fprintf(stderr, "%s\n", error);
    return 2;
  }

  mjData *data = mj_makeData(model);
  mj_resetData(model, data);
  uint32_t drawn = 0;
  for (int i = 0; i < model->nq; i++) data->qpos[i] = model->qpos0[i] + task->noise * uniform(task->stream, drawn++);
  for (int i = 0; i < model->nv; i++) data->qvel[i] = task->noise * uniform(task->stream, drawn++);
  /* In a maze, where the walls are within reach of the legs, and the goal within reach of the ant. */
  double goal[2];
  for (int i = 0; i < 2; i++) {
    if (task->goal) data->qpos[i] -= 1.2;
    goal[i] = -1 + 0.25 * uniform(task->stream + 100, i);
  }

  printf("{\"environment\": \"%s\", \"mujoco\": %d,\n", task->name, mj_version());
  if (task->goal) row("goal", goal, 2, ",\n");
  row("positions", data->qpos, model->nq, ",\n");
  row("velocities", data->qvel, model->nv, ",\n");
  mj_forward(model, data);

  double actions[STEPS][32], observations[STEPS][64], rewards[STEPS];
  int terminated[STEPS], size = observe(task, data, observations[0]);
  row("start", observations[0], size, ",\n");
  double dt = model->opt.timestep * task->skip;
  for (int step = 0; step < STEPS; step++) {
    double squares = 0, before = data->qpos[0];
    for (int i = 0; i < model->nu; i++) {
      /* Some beyond the limits, which clip; three decimals, so that the file is small and exact. */
      actions[step][i] = round(1200 * uniform(task->stream + 200, step * model->nu + i)) / 1000;
      double clipped = fmax(-1, fmin(1, actions[step][i]));
      squares += clipped * clipped;
      data->ctrl[i] = task->force * clipped;
    }

    for (int i = 0; i < task->skip; i++) mj_step(model, data);
    observe(task, data, observations[step]);
    if (task->goal) {
      double distance = hypot(data->qpos[0] - goal[0], data->qpos[1] - goal[1]);
      terminated[step] = distance <= 0.5;
      rewards[step] = terminated[step] ? 1 : 0;
    } else {
      rewards[step] = (data->qpos[0] - before) / dt + task->alive - task->control_cost * squares;
      int healthy = data->qpos[1] > task->least_height && data->qpos[1] < task->most_height && fabs(data->qpos[2]) < task->most_angle;
      for (int i = 2; i < model->nq + model->nv; i++) {
        double entry = i < model->nq ? data->qpos[i] : data->qvel[i - model->nq];
        healthy = healthy && fabs(entry) < task->most_state;
      }
      terminated[step] = !healthy;
    }
  }

  printf("\"actions\": [\n");
  for (int step = 0; step < STEPS; step++) row(NULL, actions[step], model->nu, step + 1 < STEPS ? ",\n" : "],\n");
  printf("\"observations\": [\n");
  for (int step = 4; step < STEPS; step += 5) row(NULL, observations[step], size, step + 5 < STEPS ? ",\n" : "],\n");
  row("rewards", rewards, STEPS, ",\n");
  printf("\"terminated\": [");
  for (int step = 0; step < STEPS; step++) printf("%s%s", step ? ", " : "", terminated[step] ? "true" : "false");
  printf("]}\n");
  mj_deleteData(data);
  mj_deleteModel(model);
  return 0;
}
