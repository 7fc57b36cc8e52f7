namespace EDA.Engine.Training;

/// <summary>What is measured of a stage's models along its steps, beside the means that every report has.</summary>
internal interface IStepMeasurement
{
    /// <summary>
    /// Measures the models as they stand, where it is time to, and tells what it found: called when a run of steps begins
    /// and after every step, before its state may be saved. It changes nothing of the training.
    /// </summary>
    /// <param name="timed">To be called wherever the state may be saved, the measurement's own included.</param>
    /// <returns>False where it was cut short, to be taken up again by a run that begins at this step.</returns>
    bool Measure(Action timed);

    /// <summary>Writes down how far it is. Called when the stage's state is saved.</summary>
    void Save();
}
