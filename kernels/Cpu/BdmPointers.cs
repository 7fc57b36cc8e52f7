namespace EDA.Kernels.Cpu;

/// <summary>A model's arrays of an <see cref="EvaluationCall"/>.</summary>
internal unsafe struct EvaluationPointers
{
    public float* Parameters;
    public float* Actions;
    public float* Times;
    public float* States;
    public int Rows;
    public float* Result;
}

/// <summary>A model's arrays of a <see cref="SampleCall"/>.</summary>
internal unsafe struct SamplePointers
{
    public float* Parameters;
    public float* States;
    public int StateCount;
    public int CandidateCount;
    public SolverTable Table;
    public RandomDraw Draw;
    public int Stride;
    public int* Numbers;
    public float* Start;
    public float* Actions;
}

/// <summary>A model's arrays of a <see cref="DenoisingStepCall"/>.</summary>
internal unsafe struct DenoisingPointers
{
    public float* Parameters;
    public float* Actions;
    public float* States;
    public int Rows;
    public RandomDraw Draw;
    public float DropoutRate;
    public float* Times;
    public float* Noise;
    public float* Mask;
    public float* Gradient;
    public float* Loss;
}

/// <summary>A model's arrays of an <see cref="AlignmentStepCall"/>, or of a <see cref="GapsCall"/>, which has no labels, gradient and loss.</summary>
internal unsafe struct AlignmentPointers
{
    public float* Policy;
    public float* Behavior;
    public float* Candidates;
    public float* States;
    public int StateCount;
    public int CandidateCount;
    public RandomDraw Draw;
    public float* Times;
    public float* Noise;
    public AlignmentObjective Objective;
    public float* Labels;
    public float* Gaps;
    public float* Gradient;
    public float* Loss;
}
