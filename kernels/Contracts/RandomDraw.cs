namespace EDA.Kernels;

/// <summary>
/// The stage a random number is drawn in: the third word of the Philox counter. Numbers are part of the file format
/// of a run (a resumed run must draw what it would have drawn), so they never change meaning.
/// </summary>
public enum RandomStage : uint
{
    /// <summary>Making a dataset.</summary>
    Data = 0,

    /// <summary>Stage 1, behavior pretraining.</summary>
    Behavior = 1,

    /// <summary>Critic training.</summary>
    Critic = 2,

    /// <summary>Drawing and labelling the alignment dataset.</summary>
    Label = 3,

    /// <summary>Stage 2, policy alignment.</summary>
    Alignment = 4,

    /// <summary>Evaluation of a finished model.</summary>
    Evaluation = 5,

    /// <summary>Sampling on a user's request.</summary>
    Sampling = 6,

    /// <summary>Training on rows that the critic has weighed.</summary>
    Weighted = 7,

    /// <summary>What a method beside EDA trains.</summary>
    Method = 8,
}

/// <summary>
/// What a random number is for: the fourth word of the Philox counter. This is the one table of purposes; a new
/// purpose takes a new number.
/// </summary>
public enum RandomPurpose : uint
{
    /// <summary>Which rows of the dataset make the batch.</summary>
    BatchIndex = 0,

    /// <summary>The diffusion time; element: the row in pretraining, the state in gaps and alignment.</summary>
    DiffusionTime = 1,

    /// <summary>The noise ε of a diffused action; element row·A + i.</summary>
    Noise = 2,

    /// <summary>The dropout decision of (row, block, feature); element (row·blocks + block)·H + feature.</summary>
    Dropout = 3,

    /// <summary>The initial parameters.</summary>
    Initialisation = 4,

    /// <summary>The solver's starting point x₁; element (row·K + k)·A + i, or as <see cref="SampleCall.Stride"/> and <see cref="SampleCall.Numbers"/> say.</summary>
    SolverStart = 5,

    /// <summary>Which of the dataset's points are the candidates of a bandit.</summary>
    CandidateIndex = 6,

    /// <summary>Uniform numbers that place a synthetic data point.</summary>
    DataPosition = 7,

    /// <summary>Normal noise added to a synthetic data point.</summary>
    DataNoise = 8,

    /// <summary>A choice of rows for an evaluation.</summary>
    EvaluationIndex = 9,

    /// <summary>Which run takes a place in a bootstrap's resample; the step is the replication, element the place.</summary>
    BootstrapIndex = 10,

    /// <summary>Which states of a dataset are labelled; element: the state's index.</summary>
    LabelSelection = 20,

    /// <summary>Which rows of a dataset are kept back from pretraining; element: the row.</summary>
    HeldOut = 21,

    /// <summary>The positions of an environment's first state; the step is the episode, element the coordinate.</summary>
    ResetPosition = 30,

    /// <summary>The velocities of an environment's first state; the step is the episode, element the coordinate.</summary>
    ResetVelocity = 31,

    /// <summary>Where the goal of an episode is; the step is the episode.</summary>
    Goal = 32,

    /// <summary>The noise of an environment's sensors; the step is the episode, element observation·size + entry.</summary>
    SensorNoise = 33,

    /// <summary>The actions of a random policy; the step is that of the episodes, element episode·A + entry.</summary>
    RandomAction = 34,

    /// <summary>The errands of a data-collecting controller: where it starts, where it goes, how it wavers.</summary>
    Errand = 35,

    /// <summary>The noise on a data-collecting controller's actions; the step is the episode, element step·A + entry.</summary>
    ControllerNoise = 36,

    /// <summary>The initial parameters of the twins; element: the index in their flat array.</summary>
    TwinInitialisation = 40,

    /// <summary>The initial parameters of V; element: the index in its flat array.</summary>
    ValueInitialisation = 41,

    /// <summary>The initial parameters of a critic's deterministic policy; element: the index in its flat array.</summary>
    PolicyInitialisation = 42,

    /// <summary>The noise of a policy's sampled actions: a Gaussian's, or that which a chain of denoising begins with; element as in <see cref="SolverStart"/>.</summary>
    ActionNoise = 50,

    /// <summary>The noise of a chain of denoising at its i-th step, which is element i·count + the element of <see cref="ActionNoise"/>.</summary>
    ChainNoise = 51,

    /// <summary>The noise of the next actions that a critic backs up from.</summary>
    NextActionNoise = 52,

    /// <summary>The same at the i-th step of a chain.</summary>
    NextChainNoise = 53,

    /// <summary>Which step of a discrete chain a row is diffused to; element: the row.</summary>
    ChainStep = 54,

    /// <summary>A choice between networks, or between sampled actions.</summary>
    Choice = 55,

    /// <summary>The fixed frequencies of a time embedding.</summary>
    Frequencies = 56,

    /// <summary>The latent variables of an autoencoder; element row·size + entry.</summary>
    Latent = 57,

    /// <summary>The noise of Langevin dynamics; the step is its step, from 1, and 0 that of its start; element point·A + entry.</summary>
    Langevin = 58,
}

/// <summary>
/// Names a stream of random words: key = the seed, counter = (element, step, stage, purpose). The caller supplies
/// purpose and element, so that every device draws the same words.
/// </summary>
/// <param name="Seed">The Philox key; that of model 0 where an operation works on several models.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Step">The step within the stage.</param>
/// <param name="FirstElement">Added to every element index: where a long run of rows is worked through in parts.</param>
public readonly record struct RandomDraw(ulong Seed, RandomStage Stage, uint Step, ulong FirstElement = 0)
{
    /// <summary>The stream of one of several models that are worked on side by side: model m draws from the seed plus m.</summary>
    /// <param name="model">m.</param>
    /// <returns>The stream.</returns>
    public RandomDraw OfModel(int model) => this with { Seed = unchecked(Seed + (ulong)model) };
}
